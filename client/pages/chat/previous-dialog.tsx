import type { JSX } from "solid-js";
import { For } from "solid-js";
import type { PreviousSession } from "../../core/index.ts";
import { Dialog } from "./dialog.tsx";
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
  const items = () =>
    timeline([...props.previous.messages, ...props.previous.unsent], "user").filter(
      (item): item is MessageItem => item.kind === "message",
    );
  return (
    <Dialog
      id="previous-title"
      title="Your previous chat"
      open={props.open}
      onClose={props.onClose}
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by keyboard. */}
      <section class="dialog-body" tabIndex={0} aria-labelledby="previous-title">
        <For each={items()}>
          {(item) => <MessageRow item={item} connected={false} seenUpTo={0} viewer="visitor" />}
        </For>
      </section>
    </Dialog>
  );
}
