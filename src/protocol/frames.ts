// The frames of `ds.v1`. docs/protocol.md shows an example of each; a test keeps the two in step.
import type { FrameErrorCode } from "./errors.ts";
import type { Author, Message, MessageRole, NewMessage } from "./message.ts";
import type { ConnectionRole, Session } from "./session.ts";

/** Answered with `PONG` by the platform, without waking the object. */
export const PING = "ping";
export const PONG = "pong";

export type UpFrame = SendFrame | TypingUpFrame | ReadUpFrame | ReceivedFrame | CancelFrame;

export interface SendFrame {
  readonly type: "send";
  readonly messages: readonly NewMessage[];
}

export interface TypingUpFrame {
  readonly type: "typing";
  readonly conversationId?: string;
  readonly active: boolean;
}

export interface ReadUpFrame {
  readonly type: "read";
  readonly conversationId: string;
  readonly seq: number;
}

/** Flow control: every message up to `seq` has arrived. */
export interface ReceivedFrame {
  readonly type: "received";
  readonly seq: number;
}

/** Stops a streamed answer; what there is of it is stored. */
export interface CancelFrame {
  readonly type: "cancel";
  readonly messageId: string;
}

export type DownFrame =
  | WelcomeFrame
  | MessagesFrame
  | SyncedFrame
  | StoredFrame
  | PresenceFrame
  | TypingFrame
  | ReadFrame
  | DeltaFrame
  | DiscardedFrame
  | RedactedFrame
  | SessionFrame
  | TruncatedFrame
  | ErrorFrame;

/** One connection that is there. */
export interface Presence {
  readonly connectionId: string;
  readonly role: ConnectionRole;
  readonly author?: Author;
  readonly since: string;
}

/** The first frame of every connection. */
export interface WelcomeFrame {
  readonly type: "welcome";
  readonly session: Session;
  readonly connectionId: string;
  readonly role: ConnectionRole;
  readonly lastSeq: number;
  readonly presence: readonly Presence[];
}

/** All messages that the reader may see in (from, to]: history and live traffic alike. */
export interface MessagesFrame {
  readonly type: "messages";
  readonly from: number;
  readonly to: number;
  readonly messages: readonly Message[];
}

/** History is through; what follows is live. */
export interface SyncedFrame {
  readonly type: "synced";
  readonly seq: number;
}

/** To a sender whose `clientId`s had been stored before. */
export interface StoredFrame {
  readonly type: "stored";
  readonly items: readonly { readonly clientId: string; readonly seq: number }[];
}

export interface PresenceFrame {
  readonly type: "presence";
  readonly presence: readonly Presence[];
}

export interface TypingFrame {
  readonly type: "typing";
  readonly connectionId: string;
  readonly role: ConnectionRole;
  readonly author?: Author;
  readonly conversationId: string;
  readonly active: boolean;
}

/** A side of the conversation has read up to `seq`. */
export interface ReadFrame {
  readonly type: "read";
  readonly conversationId: string;
  readonly side: Side;
  readonly seq: number;
}

/**
 * More of an answer that is being written: `text` goes at `offset`, in UTF-16 code units. The first one is empty: an
 * answer is on its way. It ends when the log has a message of this id, or with `discarded`.
 */
export interface DeltaFrame {
  readonly type: "delta";
  readonly messageId: string;
  readonly conversationId: string;
  readonly role: MessageRole;
  readonly author?: Author;
  readonly offset: number;
  readonly text: string;
}

/** An answer ended before its first word: nothing is stored of it. */
export interface DiscardedFrame {
  readonly type: "discarded";
  readonly messageId: string;
}

/** A message's content is gone; also sent to a resuming reader, for every message up to where it resumes. */
export interface RedactedFrame {
  readonly type: "redacted";
  readonly messageId: string;
  readonly seq: number;
}

/** The session record changed. */
export interface SessionFrame {
  readonly type: "session";
  readonly session: Session;
}

/** The reader was too far behind: messages below `firstSeq` are to be had by HTTP. */
export interface TruncatedFrame {
  readonly type: "truncated";
  readonly firstSeq: number;
}

export interface ErrorFrame {
  readonly type: "error";
  readonly code: FrameErrorCode;
  readonly message?: string;
  /** JSON Pointer into the frame that was refused. */
  readonly path?: string;
  /** The message that was not stored. */
  readonly clientId?: string;
  readonly retryAfterMs?: number;
}

/** Who a message or read mark belongs to: the people with a credential, or the team. */
export type Side = "visitor" | "team";
