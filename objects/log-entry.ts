// A message on its way into the log: what is submitted, and what it would be there.
import { isoTime } from "../src/domain/view.ts";
import { byteLength } from "../src/protocol/bytes.ts";
import type { StoredAttachment } from "../src/protocol/file.ts";
import type { Side } from "../src/protocol/frames.ts";
import type { ImportedMessage } from "../src/protocol/import.ts";
import type { Message, MessageRole, NewTeamMessage } from "../src/protocol/message.ts";
import { newMessageId } from "./ids.ts";

/** What is submitted: a message, and under which id where that is known before. */
export interface LogEntry extends NewTeamMessage {
  readonly id?: string;
}

/** A message that somebody brought along, and what it is stored once by, which is no `clientId` that a sender could choose. */
export interface ImportedEntry extends Omit<ImportedMessage, "id" | "createdAt"> {
  readonly key: string;
  readonly conversationId: string;
  /** Epoch milliseconds, as it was given. */
  readonly createdAt: number;
}

/** A message as it would be stored, and as readers get it. */
export interface Composed {
  readonly message: Message;
  readonly text: string;
  readonly bytes: number;
}

/** Where and when a message comes into the log. */
interface Place {
  readonly side: Side;
  readonly seq: number;
  readonly now: number;
  readonly defaultConversationId: string;
  /** Of the input's attachments, all that is known. */
  readonly attachments: readonly StoredAttachment[];
}

export function compose(
  input: LogEntry,
  { side, seq, now, defaultConversationId, attachments }: Place,
): Composed {
  const role: MessageRole = side === "visitor" ? "user" : (input.role ?? "assistant");
  return encoded({
    id: input.id ?? newMessageId(seq),
    seq,
    clientId: input.clientId,
    conversationId: input.conversationId ?? defaultConversationId,
    role,
    ...(side === "team" && input.author !== undefined && { author: input.author }),
    content: input.content,
    ...(attachments.length > 0 && { attachments }),
    createdAt: isoTime(now),
    ...(input.metadata !== undefined && { metadata: input.metadata }),
  });
}

export function composeImported(entry: ImportedEntry, seq: number): Composed {
  const { conversationId, role, content, attachments, createdAt } = entry;
  return encoded({
    id: newMessageId(seq),
    seq,
    conversationId,
    role,
    content,
    ...(attachments !== undefined && { attachments }),
    createdAt: isoTime(createdAt),
    imported: true,
  });
}

function encoded(message: Message): Composed {
  const text = JSON.stringify(message);
  return { message, text, bytes: byteLength(text) };
}
