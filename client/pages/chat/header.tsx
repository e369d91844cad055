import type { JSX } from "solid-js";
import { Show } from "solid-js";
import type { Select } from "./create-session-state.ts";
import { ChatIcon, EndIcon, NewTabIcon } from "./icons.tsx";
import { connectionLabel, presenceLabel } from "./labels.ts";

interface HeaderProps {
  readonly teamId: string;
  readonly select: Select;
  readonly canEnd: boolean;
  readonly onEnd: () => void;
}

export function Header(props: HeaderProps): JSX.Element {
  const connection = props.select((state) => state.connection);
  const synced = props.select((state) => state.synced);
  const presence = props.select((state) => state.presence);
  const label = () => connectionLabel(connection(), synced());
  return (
    <header class="header">
      <span class="header-mark">
        <ChatIcon />
      </span>
      <div class="header-text">
        <h1 class="header-title">{props.teamId}</h1>
        <p class="header-status" role="status">
          <span class={`dot dot-${label().tone}`} aria-hidden="true" />
          <span data-testid="connection">{label().text}</span>
          <Show when={presenceLabel(presence())}>
            {(who) => (
              <span class="header-presence" data-testid="presence">
                {who()}
              </span>
            )}
          </Show>
        </p>
      </div>
      <nav class="header-actions" aria-label="Chat">
        <a
          class="button button-quiet"
          href={location.href}
          target="_blank"
          rel="noopener"
          title="Open this chat in another tab"
        >
          <NewTabIcon />
          <span class="button-label">Open in another tab</span>
        </a>
        <Show when={props.canEnd}>
          <button
            type="button"
            class="button button-quiet"
            title="End this chat"
            onClick={() => props.onEnd()}
          >
            <EndIcon />
            <span class="button-label">End chat</span>
          </button>
        </Show>
      </nav>
    </header>
  );
}
