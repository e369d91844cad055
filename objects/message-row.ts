// A message as a row of the log.
import { isoTime } from "../src/domain/view.ts";
import type { JsonObject } from "../src/protocol/json.ts";
import type { Attachment, Author, Message, MessageRole } from "../src/protocol/message.ts";

export type MessageRow = {
  seq: number;
  id: string;
  client_id: string | null;
  conversation_id: string;
  role: string;
  author: string | null;
  content: string;
  metadata: string | null;
  created_at: number;
  redacted_at: number | null;
  imported_created_at: number | null;
  attachments: string | null;
};

export function toMessage(row: MessageRow): Message {
  const isImported = row.imported_created_at !== null;
  return {
    id: row.id,
    seq: row.seq,
    ...(row.client_id !== null && !isImported && { clientId: row.client_id }),
    conversationId: row.conversation_id,
    role: row.role as MessageRole,
    ...(row.author !== null && { author: JSON.parse(row.author) as Author }),
    content: row.content,
    ...(row.attachments !== null && { attachments: JSON.parse(row.attachments) as Attachment[] }),
    createdAt: isoTime(row.imported_created_at ?? row.created_at),
    ...(isImported && { imported: true }),
    ...(row.redacted_at !== null && { redacted: true }),
    ...(row.metadata !== null && { metadata: JSON.parse(row.metadata) as JsonObject }),
  };
}

export function jsonOrNull(value: object | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
