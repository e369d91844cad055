// What an older client kept on the device, on its way into the session's log: messages as they were, with their times.
import type { LinkedAttachment } from "./message.ts";

export const IMPORTED_ROLES = ["user", "assistant"] as const;
export type ImportedRole = (typeof IMPORTED_ROLES)[number];

/** A message of an older client. */
export interface ImportedMessage {
  /** The older client's own, unique in its conversation: imported again it is skipped. At most 128 characters. */
  readonly id: string;
  readonly role: ImportedRole;
  /** At most 32 KiB in UTF-8; empty only beside attachments. */
  readonly content: string;
  /** ISO 8601, from 2000 on; what lies ahead becomes now. */
  readonly createdAt: string;
  readonly attachments?: readonly LinkedAttachment[];
}

export interface ImportedConversation {
  /** The older client's own: what is imported under the same id goes to the same conversation. At most 128 characters. */
  readonly id: string;
  /** In the order that they are to have; a conversation may come in several calls, one after the other. */
  readonly messages: readonly ImportedMessage[];
}

/** At most 200 messages and 512 KiB a call: all of it is stored, or nothing. */
export interface ImportRequest {
  readonly conversations: readonly ImportedConversation[];
}

/** Of the messages of the call. */
export interface ImportAnswer {
  readonly imported: number;
  /** They had been imported before. */
  readonly skipped: number;
}
