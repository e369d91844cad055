import type { JSX } from "solid-js";
import { createEffect, createMemo, For, Show } from "solid-js";
import type { SessionSummary } from "../../core/index.ts";
import { createOperatorApi, RequestError } from "../../core/index.ts";
import { ChatIcon } from "../chat/icons.tsx";
import { ago, deviceName } from "../sharing/labels.ts";
import { createPolled } from "./create-polled.ts";
import { countLabel, visitorName } from "./labels.ts";
import type { SignIn } from "./sign-in.ts";

const EVERY_MS = 5_000;

interface SessionListProps {
  readonly signIn: SignIn;
  readonly opened: string | undefined;
  /** Called when the token is good for nothing any more, too. */
  readonly onSignOut: () => void;
}

/** The team's active sessions, newest activity first. */
export function SessionList(props: SessionListProps): JSX.Element {
  const polled = createPolled(EVERY_MS, () => {
    const { operatorToken, teamId } = props.signIn;
    return createOperatorApi({ baseUrl: location.origin, operatorToken }).activeSessions(teamId);
  });
  createEffect(() => {
    const error = polled.error();
    if (error instanceof RequestError && error.status === 401) {
      props.onSignOut();
    }
  });
  // Rows are kept by id: each poll brings new objects for the same sessions.
  const byId = createMemo(
    () => new Map(polled.value()?.sessions.map((session) => [session.id, session])),
  );
  const ids = createMemo(() => [...byId().keys()]);
  return (
    <nav class="sessions" aria-label="Active chats">
      <header class="header">
        <span class="header-mark">
          <ChatIcon />
        </span>
        <div class="header-text">
          <h1 class="header-title">{props.signIn.teamId}</h1>
          <p class="header-status" role="status">
            <Show when={polled.error()} fallback={countLabel(polled.value())}>
              The list could not be loaded. Trying again…
            </Show>
          </p>
        </div>
        <button type="button" class="button button-quiet button-small" onClick={props.onSignOut}>
          Sign out
        </button>
      </header>
      <Show when={polled.value()?.sessions.length === 0}>
        <p class="sessions-none">Chats appear here by themselves.</p>
      </Show>
      <ul class="sessions-list">
        <For each={ids()}>
          {(id) => (
            <Show when={byId().get(id)}>
              {(session) => <Row session={session()} isOpen={id === props.opened} />}
            </Show>
          )}
        </For>
      </ul>
    </nav>
  );
}

function Row(props: { session: SessionSummary; isOpen: boolean }): JSX.Element {
  return (
    <li>
      <a
        class="sessions-item"
        href={`#session=${props.session.id}`}
        aria-current={props.isOpen ? "true" : undefined}
      >
        <span class="sessions-name">{visitorName(props.session)}</span>
        <span class="sessions-details">
          {deviceName(props.session)} · {ago(Date.parse(props.session.lastAccessed), Date.now())}
        </span>
        <span class="sessions-id">{props.session.id}</span>
      </a>
    </li>
  );
}
