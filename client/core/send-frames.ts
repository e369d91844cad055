import { byteLength } from "../../src/protocol/bytes.ts";
import { MAX_FRAME_BYTES, MAX_MESSAGES_PER_SEND } from "../../src/protocol/limits.ts";
import type { NewMessage } from "../../src/protocol/message.ts";
import type { Written } from "./outbox-store.ts";

const FRAME_OVERHEAD_BYTES = 64;

/** Messages in order, in as few frames as the limits allow. */
export function frames(list: readonly Pick<Written, "message">[]): NewMessage[][] {
  const filled: NewMessage[][] = [];
  let room = 0;
  for (const { message } of list) {
    const bytes = byteLength(JSON.stringify(message)) + 1;
    const current = filled.at(-1);
    if (current && bytes <= room && current.length < MAX_MESSAGES_PER_SEND) {
      current.push(message);
      room -= bytes;
    } else {
      filled.push([message]);
      room = MAX_FRAME_BYTES - FRAME_OVERHEAD_BYTES - bytes;
    }
  }
  return filled;
}
