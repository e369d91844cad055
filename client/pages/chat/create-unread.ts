import type { Accessor } from "solid-js";
import { createEffect, createSignal, on } from "solid-js";
import type { ChatMessage } from "../../core/index.ts";
import type { StickToBottom } from "./stick-to-bottom.ts";

/** How many messages of others came in below while the reader was further up. Writing something goes back to the end. */
export function createUnread(
  messages: Accessor<readonly ChatMessage[]>,
  stick: StickToBottom,
  ownRole: Accessor<"user" | "operator">,
): Accessor<number> {
  const [unread, setUnread] = createSignal(0);
  createEffect(
    on(messages, (now, before) => {
      const written = newestOwn(now);
      if (written !== undefined && written !== newestOwn(before ?? [])) {
        stick.toBottom();
      } else if (!stick.atBottom()) {
        setUnread((count) => count + countNew(now, before ?? [], ownRole()));
      }
    }),
  );
  createEffect(() => {
    if (stick.atBottom()) {
      setUnread(0);
    }
  });
  return unread;
}

/** The key of the newest that its writer has not seen stored yet. */
function newestOwn(messages: readonly ChatMessage[]): string | undefined {
  return messages.findLast(({ seq, streaming }) => seq === undefined && !streaming)?.key;
}

function countNew(
  now: readonly ChatMessage[],
  before: readonly ChatMessage[],
  ownRole: "user" | "operator",
): number {
  const known = before.findLast(({ seq }) => seq !== undefined)?.seq;
  if (known === undefined) {
    return 0;
  }
  return now.filter(({ seq, role }) => role !== ownRole && seq !== undefined && seq > known).length;
}
