// The end of the log, kept in the browser: a page that is loaded without a network shows it, and one that has a network asks only
// for what came since.
import { keptMessages } from "./chat-message.ts";
import type { Clock } from "./environment.ts";
import type { MessageLog, Stretch } from "./message-log.ts";
import type { ChatMessage } from "./session-state.ts";
import type { Shelf } from "./shelf.ts";
import { fieldsOf, isTextOrNone } from "./stored-fields.ts";

const ITEM = "log";

const MAX_MESSAGES = 50;
/** In UTF-16 code units, as storages count. */
const MAX_LENGTH = 100_000;

/** After a change, and not again within it: a busy chat must not write all the time. */
const PERSIST_AFTER_MS = 1_000;

interface TranscriptParts {
  readonly shelf: Shelf;
  readonly clock: Clock;
  readonly log: MessageLog;
  readonly isVisible: () => boolean;
}

export function createTranscript({ shelf, clock, log, isVisible }: TranscriptParts) {
  let sessionId: string | undefined;
  let conversationId: string | undefined;
  /** What of the log is in storage, or is not to be. */
  let persisted = log.messages;
  let cancelPersist: (() => void) | undefined;
  const stop = (): void => {
    cancelPersist?.();
    cancelPersist = undefined;
  };
  const persist = (): void => {
    stop();
    const { base, last = base, messages } = log;
    if (sessionId !== undefined && persisted !== messages) {
      const end = endOf(messages);
      // Above what is left out the stretch begins anew.
      const left = messages.at(-1 - end.length)?.seq;
      const kept = { sessionId, conversationId, base: left ?? base, last, messages: end };
      shelf.set(ITEM, JSON.stringify(kept));
      persisted = messages;
    }
  };
  return {
    /** The session's default conversation: what is kept is of all, and shown of one. */
    get conversationId(): string | undefined {
      return conversationId;
    },
    /** Begins the log with what is kept of this session's. */
    open(id: string): void {
      sessionId = id;
      const kept = read(shelf, id);
      if (kept) {
        conversationId = kept.conversationId;
        log.restore(kept);
        persisted = log.messages;
      }
    },
    /** Writes it now, if it has changed. */
    persist,
    /** The log may have changed. */
    changed(defaultConversationId: string | undefined): void {
      conversationId = defaultConversationId;
      if (persisted !== log.messages) {
        cancelPersist ??= clock.after(PERSIST_AFTER_MS, () => {
          cancelPersist = undefined;
          if (isVisible()) {
            persist();
          }
        });
      }
    },
    forget(): void {
      persisted = log.messages;
      shelf.set(ITEM, undefined);
    },
    stop,
  };
}

/** Undefined where there is none of this session. */
function read(
  shelf: Shelf,
  sessionId: string,
): (Stretch & { readonly conversationId: string | undefined }) | undefined {
  const { sessionId: keptFor, conversationId, base, last, messages } = fieldsOf(shelf.get(ITEM));
  if (keptFor !== sessionId || typeof base !== "number" || typeof last !== "number") {
    return undefined;
  }
  const kept = keptMessages(messages);
  // One that could not be read would be a gap.
  return Array.isArray(messages) && kept.length === messages.length
    ? {
        conversationId: isTextOrNone(conversationId) ? conversationId : undefined,
        base,
        last,
        messages: kept,
      }
    : undefined;
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
