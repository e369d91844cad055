import type { JSX } from "solid-js";
import { createMemo, Show } from "solid-js";
import type { EnhancedSession } from "../../solid/index.ts";
import { ConnectionStatus } from "./connection-status.tsx";
import { ChatIcon, CloseIcon, DevicesIcon, EndIcon, NewTabIcon, SettingsIcon } from "./icons.tsx";
import { connectionLabel, presenceLabel, viewerOf } from "./labels.ts";

interface HeaderProps {
  readonly teamId: string;
  readonly session: EnhancedSession;
  /** Whether the chat is open and the visitor's own. */
  readonly canManage: boolean;
  readonly onShare: () => void;
  readonly onSettings: () => void;
  readonly onEnd: () => void;
  /** Closes the frame that the chat is in; undefined outside of one. */
  readonly onClose: (() => void) | undefined;
}

const NOT_OPEN = { tone: "off", text: "Not open yet" } as const;

export function Header(props: HeaderProps): JSX.Element {
  const { session } = props;
  const presence = createMemo(() =>
    presenceLabel(
      session.presence(),
      viewerOf({ role: session.role(), isInvited: session.isInvited() }),
    ),
  );
  const label = createMemo(() =>
    session.offer() ? NOT_OPEN : connectionLabel(session.connection(), session.synced()),
  );
  return (
    <header class="header">
      <span class="header-mark">
        <ChatIcon />
      </span>
      <div class="header-text">
        <h1 class="header-title" tabIndex={-1}>
          {props.teamId}
        </h1>
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
        {/* Another tab would open this browser's own chat, and outside of the frame another one. */}
        <Show when={!session.isInvited() && !props.onClose}>
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
        <button
          type="button"
          class="button button-quiet button-icon"
          title="Settings"
          aria-label="Settings"
          onClick={() => props.onSettings()}
        >
          <SettingsIcon />
        </button>
        <Show when={props.onClose}>
          {(close) => (
            <button
              type="button"
              class="button button-quiet button-icon"
              title="Close"
              aria-label="Close the chat"
              onClick={() => close()()}
            >
              <CloseIcon />
            </button>
          )}
        </Show>
      </nav>
    </header>
  );
}
