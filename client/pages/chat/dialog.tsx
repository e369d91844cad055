import type { JSX } from "solid-js";
import { Show } from "solid-js";
import { createModal } from "./create-modal.ts";
import { CloseIcon } from "./icons.tsx";

interface DialogProps {
  /** The title's. */
  readonly id: string;
  readonly title: string;
  readonly isWide?: boolean;
  readonly open: boolean;
  readonly onClose: () => void;
  /** Given the title, which can take the focus. */
  readonly ref?: (title: HTMLHeadingElement) => void;
  /** Made anew each time: nothing that was shown before is still in it. */
  readonly children: JSX.Element;
}

/** A dialog with a title, a way out and a body that scrolls; on a phone it covers the page. */
export function Dialog(props: DialogProps): JSX.Element {
  const modal = createModal(() => props.open);
  return (
    <dialog
      class="dialog dialog-tall"
      classList={{ "dialog-wide": props.isWide === true }}
      ref={modal}
      aria-labelledby={props.id}
      onClose={() => props.onClose()}
    >
      <header class="dialog-header">
        <h2 id={props.id} tabIndex={-1} ref={(title) => props.ref?.(title)}>
          {props.title}
        </h2>
        <button
          type="button"
          class="button button-quiet button-icon"
          aria-label="Close"
          title="Close"
          onClick={() => props.onClose()}
        >
          <CloseIcon />
        </button>
      </header>
      <Show when={props.open}>{props.children}</Show>
    </dialog>
  );
}
