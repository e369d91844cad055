import type { JSX } from "solid-js";
import { Match, Show, Switch } from "solid-js";
import type { ConnectionRole } from "../../core/index.ts";
import type { EnhancedSession } from "../../solid/index.ts";

interface GuestNoticeProps {
  readonly session: EnhancedSession;
  /** Undefined until the link has told. */
  readonly role: ConnectionRole | undefined;
  /** Called before the visitor's own chat is opened. */
  readonly onLeave: () => void;
}

/** Tells somebody who came in by a link whose chat this is, and what they may do in it. */
export function GuestNotice(props: GuestNoticeProps): JSX.Element {
  const leave = () => {
    props.onLeave();
    props.session.leaveInvite();
  };
  return (
    <section class="notice notice-brief" aria-label="A shared chat">
      <p>
        <Switch fallback="Opening the chat that was shared with you…">
          <Match when={props.role === "reader"}>
            <strong>Read only.</strong> This chat was shared with you: you see what is written in
            it, as it comes.
          </Match>
          <Match when={props.role === "writer"}>
            <strong>You are a guest.</strong> This chat was shared with you: its owner and the team
            see what you write.
          </Match>
        </Switch>
      </p>
      <Show when={props.role !== undefined}>
        <button type="button" class="button" onClick={leave}>
          Open your own chat
        </button>
      </Show>
    </section>
  );
}
