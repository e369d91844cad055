// Line icons on a 20 × 20 grid, in the colour of the text around them. All are decoration: whoever uses one brings its words.
import type { JSX } from "solid-js";

function Icon(props: { children: JSX.Element }): JSX.Element {
  return (
    <svg
      class="icon"
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {props.children}
    </svg>
  );
}

export function ChatIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M5.5 4h9A2.5 2.5 0 0 1 17 6.5v5a2.5 2.5 0 0 1-2.5 2.5H10l-4 3v-3h-.5A2.5 2.5 0 0 1 3 11.5v-5A2.5 2.5 0 0 1 5.5 4Z" />
    </Icon>
  );
}

export function NewTabIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M8.5 4.5H6A1.5 1.5 0 0 0 4.5 6v8A1.5 1.5 0 0 0 6 15.5h8a1.5 1.5 0 0 0 1.5-1.5v-2.5M11.5 4.5h4v4M15.5 4.5 9.5 10.5" />
    </Icon>
  );
}

export function EndIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M10 3.5v6M6.2 5.6a6 6 0 1 0 7.6 0" />
    </Icon>
  );
}

export function SendIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M10 15.5v-11M5.5 9 10 4.5 14.5 9" />
    </Icon>
  );
}

export function DownIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M10 4.5v11M5.5 11l4.5 4.5 4.5-4.5" />
    </Icon>
  );
}

export function DevicesIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M9.5 15H3.5A1.5 1.5 0 0 1 2 13.5v-8A1.5 1.5 0 0 1 3.5 4h10A1.5 1.5 0 0 1 15 5.5V6M12.5 10.5A1.5 1.5 0 0 1 14 9h2.5a1.5 1.5 0 0 1 1.5 1.5V15a1.5 1.5 0 0 1-1.5 1.5H14a1.5 1.5 0 0 1-1.5-1.5Z" />
    </Icon>
  );
}

export function LaptopIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M4 12V6a1.5 1.5 0 0 1 1.5-1.5h9A1.5 1.5 0 0 1 16 6v6M2 15.5h16" />
    </Icon>
  );
}

export function PhoneIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M6 4.5A1.5 1.5 0 0 1 7.5 3h5A1.5 1.5 0 0 1 14 4.5v11a1.5 1.5 0 0 1-1.5 1.5h-5A1.5 1.5 0 0 1 6 15.5ZM9.5 14h1" />
    </Icon>
  );
}

export function GuestIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M10 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM4.5 16.5a5.5 5.5 0 0 1 11 0" />
    </Icon>
  );
}

export function CloseIcon(): JSX.Element {
  return (
    <Icon>
      <path d="m5.5 5.5 9 9M14.5 5.5l-9 9" />
    </Icon>
  );
}

export function LinkIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M8.5 11.5a3 3 0 0 0 4.3 0l2.8-2.8a3 3 0 0 0-4.3-4.3l-.8.8M11.5 8.5a3 3 0 0 0-4.3 0l-2.8 2.8a3 3 0 0 0 4.3 4.3l.8-.8" />
    </Icon>
  );
}

export function StopIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M6 6h8v8H6Z" fill="currentColor" />
    </Icon>
  );
}

export function PersonIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM4 16.5c.6-3 3-4.5 6-4.5s5.4 1.5 6 4.5" />
    </Icon>
  );
}

export function BackIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M12 4.5 6.5 10l5.5 5.5" />
    </Icon>
  );
}

export function OfflineIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M3.5 8.5a9.5 9.5 0 0 1 3-1.9M10 5.7c2.5 0 4.8 1 6.5 2.8M6.2 11.4c.6-.6 1.4-1 2.2-1.3M13.8 11.4l-.6-.5M10 15h.01M3.5 3.5l13 13" />
    </Icon>
  );
}

export function SettingsIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M3.5 6h6M14 6h2.5M3.5 14H6M10.5 14h6M11.75 3.75v4.5M8.25 11.75v4.5" />
    </Icon>
  );
}

export function FileIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M11.5 3H6.5A1.5 1.5 0 0 0 5 4.5v11A1.5 1.5 0 0 0 6.5 17h7a1.5 1.5 0 0 0 1.5-1.5v-9zM11.5 3v3.5H15" />
    </Icon>
  );
}

export function AttachIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M15.5 9.5 10 15a3.3 3.3 0 0 1-4.7-4.7l6-6a2.2 2.2 0 0 1 3.1 3.1l-5.9 5.9a1.1 1.1 0 0 1-1.6-1.6L12 6.7" />
    </Icon>
  );
}

export function DownloadIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M10 3.5v9M6.5 9l3.5 3.5L13.5 9M4.5 16.5h11" />
    </Icon>
  );
}
