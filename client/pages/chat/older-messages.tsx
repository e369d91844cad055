import type { JSX } from "solid-js";
import { createEffect, onCleanup, Show } from "solid-js";
import type { Chat } from "./chat.ts";

interface OlderMessagesProps {
  readonly chat: Chat;
  readonly scroller: () => HTMLElement;
}

/** How far above the first message in sight loading begins. */
const LOAD_AHEAD = "400px 0px 0px 0px";

/** Stands above the first message and loads what precedes it, by itself when it comes near and by hand after a failure. */
export function OlderMessages(props: OlderMessagesProps): JSX.Element {
  const older = () => props.chat.older();
  let element!: HTMLDivElement;
  createEffect(() => {
    if (older() !== "more") {
      return;
    }
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) {
          void props.chat.loadOlder();
        }
      },
      { root: props.scroller(), rootMargin: LOAD_AHEAD },
    );
    observer.observe(element);
    onCleanup(() => observer.disconnect());
  });
  return (
    <div
      class="older"
      ref={(found) => {
        element = found;
      }}
    >
      <Show when={older() === "loading"}>
        <p role="status">Loading earlier messages…</p>
      </Show>
      <Show when={older() === "failed"}>
        <button
          type="button"
          class="button button-quiet"
          onClick={() => void props.chat.loadOlder()}
        >
          Earlier messages could not be loaded. Try again
        </button>
      </Show>
    </div>
  );
}
