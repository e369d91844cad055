import type { JSX } from "solid-js";
import { Show } from "solid-js";
import { ConnectionStatus } from "./connection-status.tsx";
import type { Select } from "./create-session-state.ts";
import { ChatIcon, DevicesIcon, EndIcon, NewTabIcon } from "./icons.tsx";
import { connectionLabel, presenceLabel, viewerOf } from "./labels.ts";

interface HeaderProps {
  readonly teamId: string;
  readonly select: Select;
  /** Whether the chat is open and the visitor's own. */
  readonly canManage: boolean;
  readonly onShare: () => void;
  readonly onEnd: () => void;
}

const NOT_OPEN = { tone: "off", text: "Not open yet" } as const;

export function Header(props: HeaderProps): JSX.Element {
  const connection = props.select((state) => state.connection);
  const synced = props.select((state) => state.synced);
  const isGuest = props.select((state) => state.isInvited);
  const presence = props.select((state) => presenceLabel(state.presence, viewerOf(state)));
  const isOffered = props.select((state) => state.offer !== undefined);
  const label = () => (isOffered() ? NOT_OPEN : connectionLabel(connection(), synced()));
  return (
    <header class="header">
      <span class="header-mark">
        <ChatIcon />
      </span>
      <div class="header-text">
        <h1 class="header-title">{props.teamId}</h1>
        <ConnectionStatus connection={label()} presence={presence()} />
      </div>
      <nav class="header-actions" aria-label="Chat">
        <Show when={props.canManage}>
          <button
            type="button"
            class="button button-quiet"
            title="Devices and sharing"
            onClick={() => props.onShare()}
          >
            <DevicesIcon />
            <span class="button-label">Devices and sharing</span>
          </button>
        </Show>
        {/* Another tab would open this browser's own chat. */}
        <Show when={!isGuest()}>
          <a
            class="button button-quiet"
            href={location.pathname + location.search}
            target="_blank"
            rel="noopener"
            title="Open this chat in another tab"
          >
            <NewTabIcon />
            <span class="button-label">New tab</span>
          </a>
        </Show>
        <Show when={props.canManage}>
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
