// The frames of `ds.v1`. docs/protocol.md shows an example of each; a test keeps the two in step.
import type { FrameErrorCode } from "./errors.ts";
import type { Author, Message, NewMessage } from "./message.ts";
import type { ConnectionRole, Session } from "./session.ts";

/** Answered with `PONG` by the platform, without waking the object. */
export const PING = "ping";
export const PONG = "pong";

export type UpFrame = SendFrame | TypingUpFrame | ReadUpFrame | ReceivedFrame;

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

export type DownFrame =
  | WelcomeFrame
  | MessagesFrame
  | SyncedFrame
  | StoredFrame
  | PresenceFrame
  | TypingFrame
  | ReadFrame
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
