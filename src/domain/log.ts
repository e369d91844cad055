// The session's log as numbers: its head, what a message weighs, and which part of it a reader gets.

import { byteLength } from "../protocol/bytes.ts";
import {
  MAX_CONTENT_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_METADATA_BYTES,
  WINDOW_BYTES,
} from "../protocol/limits.ts";
import type { Message } from "../protocol/message.ts";

/** The end of the log: `totalBytes` is what all messages weigh together. */
export interface LogHead {
  readonly lastSeq: number;
  readonly totalBytes: number;
}

/** Whether a message of this content, metadata and encoded whole may be stored at all. */
export function isTooLarge(message: Message, encodedBytes: number): boolean {
  return (
    encodedBytes > MAX_MESSAGE_BYTES ||
    byteLength(message.content) > MAX_CONTENT_BYTES ||
    (message.metadata !== undefined &&
      byteLength(JSON.stringify(message.metadata)) > MAX_METADATA_BYTES)
  );
}

/**
 * The `seq` after which a joining reader's history begins: what it asked for, or, when that is more than a window
 * behind, the newest window's worth. `bytesUpTo(seq)` grows with `seq`; the search asks it about log2(lastSeq) times.
 */
export function historyStart(
  after: number,
  head: LogHead,
  bytesUpTo: (seq: number) => number,
): number {
  const floor = head.totalBytes - WINDOW_BYTES;
  let low = Math.min(after, head.lastSeq);
  if (bytesUpTo(low) >= floor) return low;
  let high = head.lastSeq;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (bytesUpTo(middle) >= floor) high = middle;
    else low = middle;
  }
  return high;
}
