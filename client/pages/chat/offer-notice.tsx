import type { JSX } from "solid-js";
import { createSignal, onMount, Show } from "solid-js";
import { RequestError } from "../../core/index.ts";
import type { EnhancedSession } from "../../solid/index.ts";

interface OfferNoticeProps {
  readonly session: EnhancedSession;
  /** Called before a chat is opened, whichever it is. */
  readonly onAnswer: () => void;
}

/** Asks whether a chat from another device is to be this browser's own: it may replace one, and it may be a stranger's. */
export function OfferNotice(props: OfferNoticeProps): JSX.Element {
  const replacesOwn = () => props.session.offer()?.replacesOwn ?? false;
  const [phase, setPhase] = createSignal<"asking" | "accepting" | "failed" | "over">("asking");
  let section!: HTMLElement;
  onMount(() => section.focus());
  const accept = async () => {
    setPhase("accepting");
    props.onAnswer();
    try {
      await props.session.acceptHandOff();
    } catch (error) {
      setPhase(error instanceof RequestError && error.retryable ? "failed" : "over");
    }
  };
  const decline = () => {
    props.onAnswer();
    props.session.leaveInvite();
  };
  return (
    <section
      class="notice"
      tabIndex={-1}
      ref={(found) => {
        section = found;
      }}
      aria-labelledby="offer-title"
    >
      <div>
        <h2 id="offer-title">Continue this chat here?</h2>
        <p>
          The link hands over a chat from another device. Go on only if you made it yourself:
          whoever has that chat reads what you write in it.
        </p>
        <Show when={replacesOwn()}>
          <p>
            This browser has a chat of its own, and leaves it for this one. It goes on, and your
            other devices keep it; this browser does not get it back.
          </p>
        </Show>
        <Show when={phase() === "failed"}>
          <p class="notice-error" role="alert">
            That did not work. Check your connection and try again.
          </p>
        </Show>
        <Show when={phase() === "over"}>
          <p class="notice-error" role="alert">
            That chat is no longer there, or the access to it was taken back.
          </p>
        </Show>
      </div>
      <div class="notice-actions">
        <button type="button" class="button" onClick={decline}>
          {replacesOwn() ? "Keep the chat I have" : "Do not continue"}
        </button>
        <Show when={phase() !== "over"}>
          <button
            type="button"
            class="button button-primary"
            disabled={phase() === "accepting"}
            onClick={() => void accept()}
          >
            {phase() === "accepting" ? "Opening…" : "Continue here"}
          </button>
        </Show>
      </div>
    </section>
  );
}
