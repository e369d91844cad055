import type { JSX } from "solid-js";
import { createSignal, onCleanup } from "solid-js";

/** How long the button says that it has copied. */
const COPIED_MS = 2_500;

/** A link in clear, with a button that copies it. */
export function LinkField(props: { url: string; label: string }): JSX.Element {
  const [copied, setCopied] = createSignal(false);
  let field!: HTMLInputElement;
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(timer));
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(props.url);
      setCopied(true);
      clearTimeout(timer);
      timer = setTimeout(() => setCopied(false), COPIED_MS);
    } catch {
      // No permission: selected, it is a key away.
      field.select();
    }
  };
  return (
    <div class="link-field">
      <input
        type="text"
        readonly
        value={props.url}
        aria-label={props.label}
        ref={(found) => {
          field = found;
        }}
        onFocus={() => field.select()}
      />
      <button type="button" class="button" onClick={() => void copy()}>
        <span role="status">{copied() ? "Copied" : "Copy"}</span>
      </button>
    </div>
  );
}
