// Messages of the log as lines of a transcript or an export, some at a time.
import type { MessageStore, PageEntry } from "./message-store.ts";

/** What is read of the log, or written of an export, at a time. */
export const BATCH_MESSAGES = 500;
export const BATCH_BYTES = 256 * 1024;

/** The next messages between two `seq`s, in order. */
export function messagesBetween(
  messages: MessageStore,
  after: number,
  before: number,
): readonly PageEntry[] {
  const { entries } = messages.page({
    conversationId: undefined,
    after,
    before,
    order: "ascending",
    limit: BATCH_MESSAGES,
    maxBytes: BATCH_BYTES,
  });
  return entries;
}

export function messageLine({ encoded }: PageEntry): string {
  return `{"type":"message","message":${encoded}}`;
}
