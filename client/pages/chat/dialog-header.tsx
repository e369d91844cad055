import type { JSX } from "solid-js";
import { CloseIcon } from "./icons.tsx";

interface DialogHeaderProps {
  readonly id: string;
  readonly title: string;
  readonly onClose: () => void;
  /** Given the title, which can take the focus. */
  readonly ref?: (title: HTMLHeadingElement) => void;
}

/** The title of a dialog, and the way out of it. */
export function DialogHeader(props: DialogHeaderProps): JSX.Element {
  return (
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
  );
}
