export type ConversationStatus = "open" | "pending" | "closed";

/** A thread in a session. */
export interface Conversation {
  readonly id: string;
  readonly status: ConversationStatus;
  readonly createdAt: string;
  /** `seq` of its newest message, 0 without one. */
  readonly lastSeq: number;
  /** Messages of the other side above the asking side's read mark. */
  readonly unread: number;
}
