import type { JSX } from "solid-js";
import { createEffect, createSignal, Show } from "solid-js";
import type { EnhancedSession } from "../../solid/index.ts";
import { createModal } from "./create-modal.ts";

interface EndDialogProps {
  readonly session: EnhancedSession;
  readonly open: boolean;
  readonly onClose: () => void;
}

/** Asks before the session is ended: ending cannot be taken back. */
export function EndDialog(props: EndDialogProps): JSX.Element {
  const [phase, setPhase] = createSignal<"asking" | "ending" | "failed">("asking");
  const modal = createModal(() => props.open);
  createEffect(() => {
    if (props.open) {
      setPhase("asking");
    }
  });
  const end = async () => {
    setPhase("ending");
    try {
      await props.session.terminateSession();
      props.onClose();
    } catch {
      setPhase("failed");
    }
  };
  return (
    <dialog
      class="dialog"
      ref={modal}
      aria-labelledby="end-title"
      aria-describedby="end-text"
      onClose={() => props.onClose()}
    >
      <h2 id="end-title">End this chat?</h2>
      <p id="end-text">
        It ends in all your tabs and on all your devices, and nobody can write in it any more.
      </p>
      <Show when={phase() === "failed"}>
        <p class="dialog-error" role="alert">
          The chat could not be ended. Check your connection and try again.
        </p>
      </Show>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={() => props.onClose()}>
          Keep it open
        </button>
        <button
          type="button"
          class="button button-danger"
          disabled={phase() === "ending"}
          onClick={() => void end()}
        >
          {phase() === "ending" ? "Ending…" : "End chat"}
        </button>
      </div>
    </dialog>
  );
}
