import type { Accessor } from "solid-js";
import { createEffect, createSignal, on } from "solid-js";
import type { ChatMessage } from "../../core/index.ts";
import type { StickToBottom } from "./stick-to-bottom.ts";

/** How many messages of others came in below while the reader was further up. Writing something goes back to the end. */
export function createUnread(
  messages: Accessor<readonly ChatMessage[]>,
  stick: StickToBottom,
): Accessor<number> {
  const [unread, setUnread] = createSignal(0);
  createEffect(
    on(messages, (now, before) => {
      const last = now.at(-1);
      const wroteSomething =
        last !== undefined && last.seq === undefined && last.key !== before?.at(-1)?.key;
      if (wroteSomething) {
        stick.toBottom();
      } else if (!stick.atBottom()) {
        setUnread((count) => count + countNew(now, before ?? []));
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

function countNew(now: readonly ChatMessage[], before: readonly ChatMessage[]): number {
  const known = before.findLast(({ seq }) => seq !== undefined)?.seq;
  if (known === undefined) {
    return 0;
  }
  return now.filter(({ seq, role }) => role !== "user" && seq !== undefined && seq > known).length;
}
