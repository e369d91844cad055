import type { ConversationHandler, ConversationStatus } from "../protocol/conversation.ts";

/** The durable record of a thread; times are epoch milliseconds. */
export interface ConversationRecord {
  readonly id: string;
  readonly status: ConversationStatus;
  readonly handledBy: ConversationHandler;
  /** The operator whose it is. */
  readonly assignee: string | null;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** What it was called in the older client that its first messages were imported from. */
  readonly importedId: string | null;
}

export function newConversation(id: string, now: number): ConversationRecord {
  return {
    id,
    status: "open",
    handledBy: "bot",
    assignee: null,
    version: 1,
    createdAt: now,
    updatedAt: now,
    importedId: null,
  };
}
