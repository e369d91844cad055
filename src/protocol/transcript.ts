// The lines of an archived transcript and of an export, one JSON object each. See docs/transcripts.md.
import type { AuditEvent } from "./audit.ts";
import type { Conversation } from "./conversation.ts";
import type { Side } from "./frames.ts";
import type { Message } from "./message.ts";
import type { Session } from "./session.ts";
import type { Device, Invite } from "./sharing.ts";

export interface MessageLine {
  readonly type: "message";
  readonly message: Message;
}

/** The first line of a transcript. */
export interface TranscriptHeader {
  readonly type: "transcript";
  /** `TRANSCRIPT_VERSION`. */
  readonly version: number;
  readonly session: Session;
  readonly conversations: readonly Conversation[];
}

/** The last line: what has none broke off. */
export interface EndLine {
  readonly type: "end";
  readonly messages: number;
}

/** Messages are in `seq` order. */
export type TranscriptLine = TranscriptHeader | MessageLine | EndLine;

/** The first line of an export. */
export interface ExportHeader {
  readonly type: "export";
  /** `TRANSCRIPT_VERSION`. */
  readonly version: number;
  /** ISO 8601, UTC, as the others. */
  readonly exportedAt: string;
  readonly session: Session;
  readonly updatedAt: string;
  readonly endedAt?: string;
  readonly archivedAt?: string;
  readonly identifiedAt?: string;
  /** Whether a hash of what was given as `userFingerprint` is held. */
  readonly hasFingerprint: boolean;
}

/** How far a side has read. */
export interface ReadMarkLine {
  readonly type: "readMark";
  readonly conversationId: string;
  readonly side: Side;
  readonly seq: number;
}

/** What is held of a file beside its bytes, which `GET …/files/{fileId}` gives while it is `stored`. */
export interface FileLine {
  readonly type: "file";
  readonly file: {
    readonly id: string;
    readonly name: string;
    readonly mediaType: string;
    /** Bytes. */
    readonly size: number;
    readonly state: "uploading" | "stored" | "deleted";
    readonly createdAt: string;
  };
}

/** How far a webhook or an app has heard of what happened. */
export interface DeliveryLine {
  readonly type: "delivery";
  readonly listener: "webhook" | "app";
  readonly position: number;
  /** That failed since the last success. */
  readonly attempts: number;
  readonly failingSince?: string;
  readonly stoppedAt?: string;
}

export type ExportLine =
  | ExportHeader
  | { readonly type: "device"; readonly device: Omit<Device, "current" | "connected"> }
  | { readonly type: "invite"; readonly invite: Invite }
  | { readonly type: "conversation"; readonly conversation: Conversation }
  | ReadMarkLine
  | MessageLine
  | FileLine
  | DeliveryLine
  | { readonly type: "auditEvent"; readonly event: AuditEvent }
  | EndLine;
