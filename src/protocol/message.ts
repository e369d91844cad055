import type { NewAttachment, StoredAttachment } from "./file.ts";
import type { JsonObject } from "./json.ts";

export const MESSAGE_ROLES = ["user", "assistant", "operator", "system"] as const;
export type MessageRole = (typeof MESSAGE_ROLES)[number];

/** Whom a message names as its writer; only the team can set one. */
export interface Author {
  readonly id?: string;
  readonly name?: string;
  readonly avatarUrl?: string;
}

/** A file that a message points to, where it lies on somebody else's server. */
export interface LinkedAttachment {
  /** `https:` */
  readonly url: string;
  readonly name: string;
  /** A media type. */
  readonly type?: string;
  /** Bytes. */
  readonly size?: number;
}

/** Told apart by their fields: readers pass by a kind that they do not know. */
export type Attachment = StoredAttachment | LinkedAttachment;

/** One entry of a session's log, the same everywhere. */
export interface Message {
  readonly id: string;
  /** 1, 2, 3 … over all conversations of the session. */
  readonly seq: number;
  readonly clientId?: string;
  readonly conversationId: string;
  readonly role: MessageRole;
  readonly author?: Author;
  /** Text; clients may render Markdown, never HTML. */
  readonly content: string;
  readonly attachments?: readonly Attachment[];
  /** ISO 8601, UTC, by the object's clock, or as it was imported. Order is `seq`, never this. */
  readonly createdAt: string;
  /** The visitor brought it along from an older client: nobody vouches for it, whatever its role. */
  readonly imported?: true;
  /** The team took it back: content, attachments and metadata are gone, for ever and everywhere. */
  readonly redacted?: true;
  /** `incomplete: true` marks a streamed answer that broke off, `cancelled: true` beside it one that a reader stopped. */
  readonly metadata?: JsonObject;
}

/** What a visitor's message is made of; the role is `user` and the author unset, always. */
export interface NewMessage {
  /** Chosen by the sender, unique per side (visitor, team): resending stores nothing twice. 1 to 64 of letters, digits and `._:-`. */
  readonly clientId: string;
  /** At most 32 KiB in UTF-8. */
  readonly content: string;
  /** The session's default conversation when it is left out. */
  readonly conversationId?: string;
  /** At most `MAX_ATTACHMENTS_PER_MESSAGE`; the content may then be empty. */
  readonly attachments?: readonly NewAttachment[];
  /** At most 4 KiB as JSON. */
  readonly metadata?: JsonObject;
}

/** A message by the team, which chooses role and author. */
export interface NewTeamMessage extends NewMessage {
  readonly role?: MessageRole;
  readonly author?: Author;
}

/** A message by the team whose content comes while it is being written. */
export type NewStreamedMessage = Omit<NewTeamMessage, "content" | "attachments">;

/** An answer that is being written, and how much of it there is in UTF-16 code units; or the message that it has become. */
export type StartedMessage =
  | { readonly messageId: string; readonly length: number }
  | { readonly message: Message };

/** More of an answer's text; `offset` counts UTF-16 code units. */
export interface MessagePiece {
  readonly offset: number;
  readonly text: string;
}
