// What a replica of a session needs from whoever opens it.
import type { UpFrame } from "../../src/protocol/frames.ts";
import type { MessageRole } from "../../src/protocol/message.ts";
import type { ConversationList } from "../../src/protocol/rest.ts";
import type { Clock } from "./environment.ts";
import type { OwnMessages } from "./outbox.ts";
import type { SessionClientState } from "./session-state.ts";
import type { Shelf } from "./shelf.ts";
import type { Store } from "./store.ts";

/** With which role the log brings back what is written here. */
export type OwnRole = Extract<MessageRole, "user" | "operator">;

/** What a replica asks of whoever has the connection. */
export interface ReplicaHandlers {
  /** May drop a frame when there is no connection: the next one begins where this copy ends. */
  readonly sendUp: (frame: UpFrame) => void;
  /** Rejects when it cannot be had now. */
  readonly conversations: () => Promise<ConversationList>;
  /** What other tabs read in storage has changed: they want to look. */
  readonly wrote: () => void;
  readonly isVisible: () => boolean;
}

export interface ReplicaParts {
  readonly store: Store<SessionClientState>;
  readonly clock: Clock;
  readonly ownRole: OwnRole;
  readonly own: OwnMessages;
  /** Where the unsent and the end of the transcript are kept. */
  readonly shelf: Shelf;
  /** Undefined as long as there is none. */
  readonly sessionId: string | undefined;
  readonly handlers: ReplicaHandlers;
}
