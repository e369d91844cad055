// The end of the log, kept in the browser: a page that is loaded without a network shows it, and one that has a network asks only
// for what came since.
import { keptMessages } from "./chat-message.ts";
import type { Stretch } from "./message-log.ts";
import type { Shelf } from "./shelf.ts";
import { fieldsOf } from "./stored-fields.ts";

const ITEM = "log";

const MAX_MESSAGES = 50;
/** In UTF-16 code units, as storages count. */
const MAX_LENGTH = 100_000;

export function keepTranscript(shelf: Shelf, sessionId: string, stretch: Stretch): void {
  shelf.set(ITEM, JSON.stringify({ sessionId, ...endOf(stretch) }));
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

/** What is worth keeping of it. */
export function endOf({ base, last, messages }: Stretch): Stretch {
  const end = messages.slice(-MAX_MESSAGES);
  let room = MAX_LENGTH;
  const cut = end.findLastIndex((message) => {
    room -= JSON.stringify(message).length;
    return room < 0;
  });
  const kept = end.slice(cut + 1);
  const first = kept.length < messages.length ? kept[0]?.seq : undefined;
  return { base: first === undefined ? base : first - 1, last, messages: kept };
}
