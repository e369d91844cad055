import type { Accessor } from "solid-js";
import { createEffect } from "solid-js";

/** Opens and closes a dialog, whose `ref` is what it returns. */
export function createModal(isOpen: Accessor<boolean>): (dialog: HTMLDialogElement) => void {
  let dialog!: HTMLDialogElement;
  createEffect(() => {
    if (isOpen()) {
      dialog.showModal();
    } else {
      dialog.close();
    }
  });
  return (found) => {
    dialog = found;
  };
}
