export const CONVERSATION_STATUSES = ["open", "pending", "closed"] as const;
/** `pending`: somebody of the team is waited for. A visitor who writes into a closed one opens it again. */
export type ConversationStatus = (typeof CONVERSATION_STATUSES)[number];

export const CONVERSATION_HANDLERS = ["bot", "operator"] as const;
/** Who answers: a bot is silent while it is `operator`. */
export type ConversationHandler = (typeof CONVERSATION_HANDLERS)[number];

/** Where a thread stands. */
export interface ConversationState {
  readonly id: string;
  readonly status: ConversationStatus;
  readonly handledBy: ConversationHandler;
  /** The operator whose it is, by the team's own id; shown to the team alone. */
  readonly assignee?: string;
}

/** A thread in a session. */
export interface Conversation extends ConversationState {
  readonly createdAt: string;
  /** `seq` of its newest message, 0 without one. */
  readonly lastSeq: number;
  /** Messages of the other side above the asking side's read mark. */
  readonly unread: number;
}

/** What is left out stays as it is. */
export interface UpdateConversationRequest {
  readonly status?: ConversationStatus;
  /** Null for nobody in particular. */
  readonly assignee?: string | null;
  readonly handledBy?: ConversationHandler;
}
