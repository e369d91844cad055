import type { JSX } from "solid-js";
import { createSignal, Show } from "solid-js";

/** Says that the browser keeps nothing for this page. */
export function MemoryNotice(): JSX.Element {
  const [isRead, setRead] = createSignal(false);
  return (
    <Show when={!isRead()}>
      <section class="notice notice-brief" aria-label="Nothing is kept">
        <p>
          <strong>Your browser keeps nothing for this chat.</strong> It lasts as long as this page
          is open.
        </p>
        <button type="button" class="button button-small" onClick={() => setRead(true)}>
          All right
        </button>
      </section>
    </Show>
  );
}
