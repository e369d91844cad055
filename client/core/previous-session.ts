// The session that this browser had before, and lost: the end of its transcript, and what was written for it and never sent.
import { keptMessages, writtenMessage } from "./chat-message.ts";
import type { Written } from "./outbox-store.ts";
import type { PreviousSession } from "./session-state.ts";
import type { Shelf } from "./shelf.ts";
import { fieldsOf } from "./stored-fields.ts";

const ITEM = "previous";

export type EndReason = PreviousSession["reason"];

export function keepPrevious(
  shelf: Shelf,
  previous: Omit<PreviousSession, "unsent"> | undefined,
): void {
  shelf.set(ITEM, previous && JSON.stringify(previous));
}

/**
 * Reads it from storage, where other tabs may have sent or dismissed it.
 *
 * @param unsent what stands in the outbox for other sessions than this one's
 */
export function keptPrevious(
  shelf: Shelf,
  sessionId: string | undefined,
  unsent: readonly Written[],
): PreviousSession | undefined {
  const kept = fieldsOf(shelf.get(ITEM));
  const isKept = typeof kept.sessionId === "string" && kept.sessionId !== sessionId;
  // What is left of a session that nobody buried is shown without its transcript.
  const id = isKept ? String(kept.sessionId) : unsent[0]?.sessionId;
  return id === undefined
    ? undefined
    : {
        sessionId: id,
        reason: isKept && kept.reason === "terminated" ? "terminated" : "expired",
        messages: isKept ? keptMessages(kept.messages) : [],
        unsent: unsent.map((one) => writtenMessage(one, { role: "user", author: undefined })),
      };
}
