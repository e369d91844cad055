// What a client shows of its session. Every value is replaced when it changes, never changed in place.
import type { Conversation, ConversationState } from "../../src/protocol/conversation.ts";
import type { Presence } from "../../src/protocol/frames.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import type { Attachment, Author, MessageRole } from "../../src/protocol/message.ts";
import type { ConnectionRole, Session } from "../../src/protocol/session.ts";
import type { RequestError, RequestErrorCode } from "./request-error.ts";

/**
 * `idle`: nothing was asked for yet. `creating`: a session is being created or looked up. `active`: there is one.
 * `refreshing`: the same, while its life is being prolonged. `expired` and `terminated`: it ended, its messages can still
 * be read. `error`: `error` says what has to change first.
 */
export type SessionClientStatus =
  | "idle"
  | "creating"
  | "active"
  | "refreshing"
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

/**
 * `queued`: written down, and sent with the next connection. `sending`: on its way, and sent again after a reconnect.
 * `failed`: refused; `retry` tries it again.
 */
export type Delivery = "queued" | "sending" | "sent" | "failed";

/** A file of an own message that is not stored yet. */
export interface LocalAttachment {
  readonly uploadId: string;
  readonly name: string;
  /** A media type. */
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  /** `waiting`: its turn, a connection, or the server's leave; it goes on by itself. `failed`: the message did with it. */
  readonly upload: "waiting" | "uploading" | "stored" | "failed";
  /** How much of it is uploaded, from 0 to 1, as far as that can be told here. */
  readonly progress: number;
}

/** Told apart by their fields: `url`, `uploadId`, or else `fileId`. */
export type ChatAttachment = Attachment | LocalAttachment;

export interface ChatMessage {
  /** Stays the same from the first moment of a message to its last. */
  readonly key: string;
  /** Its place in the log; undefined until it is known to be stored. */
  readonly seq: number | undefined;
  /** The thread that it is in; undefined for the session's first one until that is known. */
  readonly conversationId: string | undefined;
  readonly role: MessageRole;
  readonly author: Author | undefined;
  /** Empty while an answer has no word yet, and once a message is redacted. */
  readonly content: string;
  /** Its files, and others that it points to: their addresses are the sender's, let nobody follow one but by a click. */
  readonly attachments: readonly ChatAttachment[];
  /** Brought along from an older program by the visitor: nobody vouches for it, whatever its role. */
  readonly imported: boolean;
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

/** A session that this browser had and lost: what is known of it here, and nowhere else for sure. */
export interface PreviousSession {
  readonly sessionId: string;
  readonly reason: "expired" | "terminated";
  /** The end of its transcript. */
  readonly messages: readonly ChatMessage[];
  /** Written for it and never sent. `sendUnsent` sends them to the session of now, `dismissPrevious` drops them. */
  readonly unsent: readonly ChatMessage[];
}

/** A session handed over to this browser, which waits for `acceptHandOff` or `leaveInvite`. */
export interface HandOffOffer {
  /** Whether this browser would leave a session of its own for it. */
  readonly replacesOwn: boolean;
}

/**
 * What became of the `legacy` conversations. `none`: there are none, or nobody has looked yet. `running`: on their way.
 * `waiting`: it did not work for now, and is tried again. `done`: the session has them. `refused`: it takes none, because
 * it is older than an hour or full; they stay as they are, and the next load tries again.
 */
export type LegacyUpgrade = "none" | "running" | "waiting" | "done" | "refused";

export interface SessionClientState {
  readonly status: SessionClientStatus;
  readonly sessionId: string | undefined;
  /** The record as the server told it last; undefined until it has. */
  readonly session: Session | undefined;
  /** The last session of this browser that came to an end, until it is dismissed. */
  readonly previous: PreviousSession | undefined;
  readonly offer: HandOffOffer | undefined;
  readonly legacy: LegacyUpgrade;
  /** `memory`: the browser keeps nothing for this page, and what is unsent dies with it. */
  readonly storage: "persistent" | "memory";
  /** Whether a link opened it in this tab, and not this browser's own key. */
  readonly isInvited: boolean;
  /** As whom this tab takes part: a `reader` cannot write. Undefined until a link has told what it allows. */
  readonly role: ConnectionRole | undefined;
  /**
   * Set while `status` is `error`; and, with `retryable`, while there is no session yet and several attempts to get one have
   * failed: the next one comes by itself.
   */
  readonly error: RequestError | undefined;
  readonly connection: ConnectionState;
  /** This connection's own id among `presence`. */
  readonly connectionId: string | undefined;
  /** The session's threads; empty until they are known. */
  readonly conversations: readonly Conversation[];
  /** The one whose messages are shown; the default one unless `openConversation` chose. */
  readonly conversationId: string | undefined;
  /** Where that one stands: who answers in it. Undefined until that is known. */
  readonly conversation: ConversationState | undefined;
  /** In the order of the log, then what is not stored yet: own messages, answers that are being written, and what failed. */
  readonly messages: readonly ChatMessage[];
  /** Own messages that are not known to be stored, those that failed left out. */
  readonly pendingCount: number;
  /** How far each side has read in that conversation. */
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
  sessionId: undefined,
  session: undefined,
  previous: undefined,
  offer: undefined,
  legacy: "none",
  storage: "persistent",
  isInvited: false,
  role: undefined,
  error: undefined,
  connection: { state: "closed", attempt: 0 },
  connectionId: undefined,
  conversations: [],
  conversationId: undefined,
  conversation: undefined,
  messages: [],
  pendingCount: 0,
  readUpTo: { visitor: 0, team: 0 },
  synced: false,
  older: "none",
  presence: [],
  typing: [],
};

/** Whether there is a session that can be used. */
export function isValid({ status }: Pick<SessionClientState, "status">): boolean {
  return status === "active" || status === "refreshing";
}
