// What a team's webhook and `SessionEvents` hear: at least once, in order per session, each event under the same id
// however often it is delivered.
import type { ConversationState } from "./conversation.ts";
import type { Message } from "./message.ts";
import type { Session } from "./session.ts";

export const SESSION_EVENT_TYPES = [
  "session.created",
  "message.created",
  "conversation.updated",
  "session.identified",
  "session.ended",
] as const;
export type SessionEventType = (typeof SESSION_EVENT_TYPES)[number];

interface EventOf<Type extends SessionEventType, Data> {
  /** The same at every delivery; unique over all sessions. */
  readonly id: string;
  readonly type: Type;
  /** When it happened: ISO 8601, UTC. */
  readonly at: string;
  readonly data: Data;
}

/** A message of whatever role: a bot answers those of role `user`, in conversations that it handles. */
export type MessageCreatedEvent = EventOf<
  "message.created",
  {
    readonly message: Message;
    /** As it stands at delivery. */
    readonly conversation: ConversationState;
  }
>;

/** Its status, assignee or handler changed; the `system` message before it says how. */
export type ConversationUpdatedEvent = EventOf<
  "conversation.updated",
  { readonly conversation: ConversationState }
>;

/** `session` is as it stands at delivery. */
export type SessionLifeEvent = EventOf<
  "session.created" | "session.identified" | "session.ended",
  { readonly session: Session }
>;

export type SessionEvent = MessageCreatedEvent | ConversationUpdatedEvent | SessionLifeEvent;

/** What one delivery carries: consecutive events of one session. */
export interface EventBatch {
  readonly teamId: string;
  readonly sessionId: string;
  readonly events: readonly SessionEvent[];
}

/** A webhook's body, as Standard Webhooks wants it; its id is in the header `webhook-id`, the same at a retry. */
export type WebhookPayload =
  | { readonly type: "session.events"; readonly timestamp: string; readonly data: EventBatch }
  | {
      readonly type: "webhook.test";
      readonly timestamp: string;
      readonly data: { readonly teamId: string };
    };

/** What a Worker that is bound as `APP` exports as `SessionEvents`. It throws where it wants the batch again, or takes over 15 seconds. */
export interface SessionEventsHandler {
  handleEvents(batch: EventBatch): Promise<void>;
}
