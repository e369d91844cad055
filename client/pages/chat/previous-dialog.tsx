import type { JSX } from "solid-js";
import { createEffect, For, Show } from "solid-js";
import type { PreviousSession } from "../../core/index.ts";
import { DialogHeader } from "./dialog-header.tsx";
import { MessageRow } from "./message-row.tsx";
import type { MessageItem } from "./timeline.ts";
import { timeline } from "./timeline.ts";

interface PreviousDialogProps {
  readonly previous: PreviousSession;
  readonly open: boolean;
  readonly onClose: () => void;
}

/** What was said in the chat of before, as far as this browser kept it. */
export function PreviousDialog(props: PreviousDialogProps): JSX.Element {
  let dialog!: HTMLDialogElement;
  createEffect(() => {
    if (props.open) {
      dialog.showModal();
    } else {
      dialog.close();
    }
  });
  const items = () =>
    timeline([...props.previous.messages, ...props.previous.unsent], "user").filter(
      (item): item is MessageItem => item.kind === "message",
    );
  return (
    <dialog
      class="dialog dialog-tall"
      ref={(found) => {
        dialog = found;
      }}
      aria-labelledby="previous-title"
      onClose={() => props.onClose()}
    >
      <DialogHeader id="previous-title" title="Your previous chat" onClose={props.onClose} />
      <Show when={props.open}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by keyboard. */}
        <section class="dialog-body previous" tabIndex={0} aria-labelledby="previous-title">
          <For each={items()}>
            {(item) => <MessageRow item={item} connected={false} seenUpTo={0} viewer="visitor" />}
          </For>
        </section>
      </Show>
    </dialog>
  );
}
