// What a client shows of its session. Every value is replaced when it changes, never changed in place.
import type { ConversationState } from "../../src/protocol/conversation.ts";
import type { Presence } from "../../src/protocol/frames.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import type { Author, MessageRole } from "../../src/protocol/message.ts";
import type { ConnectionRole, Session } from "../../src/protocol/session.ts";
import type { RequestError, RequestErrorCode } from "./request-error.ts";

/**
 * `idle`: not started. `opening`: a session is being created or looked up. `offered`: one was handed over to this browser,
 * and waits for `acceptHandOff` or `leaveInvite`. `active`: there is one. `expired` and `terminated`: it ended, its
 * messages can still be read. `error`: `error` says what has to change first.
 */
export type SessionClientStatus =
  | "idle"
  | "opening"
  | "offered"
  | "active"
  | "expired"
  | "terminated"
  | "error";

export interface ConnectionState {
  /** `waiting`: the next attempt comes at `retryAt`. `closed`: none comes. */
  readonly state: "connecting" | "online" | "waiting" | "closed";
  /** Attempts that failed in a row. */
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly retryAt?: number;
}

/** `sending`: not acknowledged yet, and sent again after every reconnect. `failed`: refused; `retry` tries it again. */
export type Delivery = "sending" | "sent" | "failed";

export interface ChatMessage {
  /** Stays the same from the first moment of a message to its last. */
  readonly key: string;
  /** Its place in the log; undefined until it is known to be stored. */
  readonly seq: number | undefined;
  readonly role: MessageRole;
  readonly author: Author | undefined;
  /** Empty while an answer has no word yet, and once a message is redacted. */
  readonly content: string;
  /** Milliseconds since 1970: by the server's clock once stored, by this device's before. */
  readonly createdAt: number;
  readonly delivery: Delivery;
  /** An answer that is being written: `content` is its text so far. */
  readonly streaming: boolean;
  /** The team took it back: there is no content any more. */
  readonly redacted: boolean;
  /** As the sender gave it; `incomplete: true` and `cancelled: true` on an answer that broke off or was stopped. */
  readonly metadata: JsonObject | undefined;
  /** Why a `failed` one was refused. */
  readonly failure: RequestErrorCode | undefined;
}

export interface Typist {
  readonly connectionId: string;
  readonly role: ConnectionRole;
  readonly author: Author | undefined;
}

/** Everything up to these `seq`s was read; 0 where nothing was. */
export interface ReadUpTo {
  readonly visitor: number;
  readonly team: number;
}

export interface SessionClientState {
  readonly status: SessionClientStatus;
  readonly session: Session | undefined;
  /** Whether a link opened it in this tab, and not this browser's own key. */
  readonly isInvited: boolean;
  /** As whom this tab takes part: a `reader` cannot write. Undefined until a link has told what it allows. */
  readonly role: ConnectionRole | undefined;
  /** While `status` is `offered`: whether this browser would leave a session of its own for it. */
  readonly replacesOwn: boolean;
  /** Set while `status` is `error`. */
  readonly error: RequestError | undefined;
  readonly connection: ConnectionState;
  /** This connection's own id among `presence`. */
  readonly connectionId: string | undefined;
  /** Where its default conversation stands: who answers in it. Undefined until that is known. */
  readonly conversation: ConversationState | undefined;
  /** In the order of the log, then what is not stored yet: own messages, answers that are being written, and what failed. */
  readonly messages: readonly ChatMessage[];
  /** How far each side has read in the default conversation. */
  readonly readUpTo: ReadUpTo;
  /** Whether the newest messages have arrived since the last connect. */
  readonly synced: boolean;
  /** `more`: older messages can be loaded. */
  readonly older: "none" | "more" | "loading" | "failed";
  readonly presence: readonly Presence[];
  /** Who else is writing at the moment. */
  readonly typing: readonly Typist[];
}

export const INITIAL_STATE: SessionClientState = {
  status: "idle",
  session: undefined,
  isInvited: false,
  role: undefined,
  replacesOwn: false,
  error: undefined,
  connection: { state: "closed", attempt: 0 },
  connectionId: undefined,
  conversation: undefined,
  messages: [],
  readUpTo: { visitor: 0, team: 0 },
  synced: false,
  older: "none",
  presence: [],
  typing: [],
};
