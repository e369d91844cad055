import type { JSX } from "solid-js";
import { createSignal, Show } from "solid-js";
import type { PreviousSession } from "../../core/index.ts";
import type { EnhancedSession } from "../../solid/index.ts";
import { PreviousDialog } from "./previous-dialog.tsx";
import { previousLabel, unsentLabel } from "./previous-label.ts";

interface PreviousNoticeProps {
  readonly session: Pick<EnhancedSession, "sendUnsent" | "dismissPrevious">;
  readonly previous: PreviousSession;
}

/** Says that the chat of before is over, shows what was said in it, and asks what becomes of the words that it did not get. */
export function PreviousNotice(props: PreviousNoticeProps): JSX.Element {
  const [isReading, setReading] = createSignal(false);
  const unsent = () => props.previous.unsent.length;
  return (
    <>
      <section class="notice notice-brief notice-previous" aria-label="Your previous chat">
        <p>
          <strong>{previousLabel(props.previous)}</strong> {unsentLabel(unsent())}
        </p>
        <div class="notice-actions">
          <Show when={props.previous.messages.length > 0}>
            <button type="button" class="button button-small" onClick={() => setReading(true)}>
              Read it
            </button>
          </Show>
          <button
            type="button"
            class="button button-small"
            onClick={() => props.session.dismissPrevious()}
          >
            {unsent() > 0 ? "Discard" : "Dismiss"}
          </button>
          <Show when={unsent() > 0}>
            <button
              type="button"
              class="button button-small button-primary"
              onClick={() => props.session.sendUnsent()}
            >
              {unsent() === 1 ? "Send it here" : `Send the ${unsent()} unsent messages here`}
            </button>
          </Show>
        </div>
      </section>
      <PreviousDialog
        previous={props.previous}
        open={isReading()}
        onClose={() => setReading(false)}
      />
    </>
  );
}
