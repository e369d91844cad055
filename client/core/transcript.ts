// The end of the log, kept in the browser: a page that is loaded without a network shows it, and one that has a network asks only
// for what came since.
import { keptMessages } from "./chat-message.ts";
import type { Stretch } from "./message-log.ts";
import type { ChatMessage } from "./session-state.ts";
import type { Shelf } from "./shelf.ts";
import { fieldsOf } from "./stored-fields.ts";

const ITEM = "log";

const MAX_MESSAGES = 50;
/** In UTF-16 code units, as storages count. */
const MAX_LENGTH = 100_000;

export function keepTranscript(
  shelf: Shelf,
  sessionId: string,
  { base, last, messages }: Stretch,
): void {
  const end = endOf(messages);
  // Above what is left out the stretch begins anew.
  const left = messages.at(-1 - end.length)?.seq;
  shelf.set(ITEM, JSON.stringify({ sessionId, base: left ?? base, last, messages: end }));
}

/** Undefined where there is none of this session. */
export function keptTranscript(shelf: Shelf, sessionId: string): Stretch | undefined {
  const { sessionId: keptFor, base, last, messages } = fieldsOf(shelf.get(ITEM));
  if (keptFor !== sessionId || typeof base !== "number" || typeof last !== "number") {
    return undefined;
  }
  const kept = keptMessages(messages);
  // One that could not be read would be a gap.
  return Array.isArray(messages) && kept.length === messages.length
    ? { base, last, messages: kept }
    : undefined;
}

export function forgetTranscript(shelf: Shelf): void {
  shelf.set(ITEM, undefined);
}

/** Of a log's messages those that are worth keeping. */
export function endOf(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const end = messages.slice(-MAX_MESSAGES);
  let room = MAX_LENGTH;
  const cut = end.findLastIndex((message) => {
    room -= JSON.stringify(message).length;
    return room < 0;
  });
  return end.slice(cut + 1);
}
