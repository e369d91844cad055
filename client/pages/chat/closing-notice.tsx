import type { JSX } from "solid-js";
import { Match, onCleanup, onMount, Switch } from "solid-js";
import type { EnhancedSession } from "../../solid/index.ts";
import type { ClosingLabel } from "./closing-label.ts";

interface ClosingNoticeProps {
  readonly session: EnhancedSession;
  readonly label: ClosingLabel;
  /** Called before the chat is opened again. */
  readonly onReopen: () => void;
}

/** Stands where the composer was when there is nothing to write into any more. */
export function ClosingNotice(props: ClosingNoticeProps): JSX.Element {
  let section!: HTMLElement;
  onMount(() => {
    // What had the focus may have gone with the chat. The button does not get it: an Enter meant for a message would press it.
    const frame = requestAnimationFrame(() => {
      if (document.activeElement === document.body) {
        section.focus();
      }
    });
    onCleanup(() => cancelAnimationFrame(frame));
  });
  const reopen = (open: () => void) => {
    props.onReopen();
    open();
  };
  return (
    <section
      class="notice"
      tabIndex={-1}
      ref={(found) => {
        section = found;
      }}
      role="status"
      aria-label={props.label.title}
    >
      <div>
        <h2>{props.label.title}</h2>
        <p>{props.label.text}</p>
      </div>
      <Switch>
        <Match when={props.label.action === "start_new"}>
          <button
            type="button"
            class="button button-primary"
            onClick={() => reopen(() => void props.session.createSession().catch(() => undefined))}
          >
            Start a new chat
          </button>
        </Match>
        <Match when={props.label.action === "own_chat"}>
          <button
            type="button"
            class="button button-primary"
            onClick={() => reopen(() => props.session.leaveInvite())}
          >
            Open your own chat
          </button>
        </Match>
        <Match when={props.label.action === "try_again"}>
          <button
            type="button"
            class="button button-primary"
            onClick={() => reopen(() => props.session.client()?.start())}
          >
            Try again
          </button>
        </Match>
      </Switch>
    </section>
  );
}
