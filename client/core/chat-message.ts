// Messages as they are shown, from whichever source they come.
import type { Message } from "../../src/protocol/message.ts";
import { MESSAGE_ROLES } from "../../src/protocol/message.ts";
import type { Written } from "./outbox-store.ts";
import type { ChatMessage } from "./session-state.ts";
import { asFields, isTextOrNone } from "./stored-fields.ts";

type Given = Pick<ChatMessage, "key" | "role" | "content" | "createdAt">;

const NONE: readonly never[] = [];

/** Beyond it there are no dates. */
const MAX_TIME_MS = 8.64e15;

/** What is left out is as in a stored message without frills. */
export function chatMessage(given: Given & Partial<ChatMessage>): ChatMessage {
  return {
    seq: undefined,
    conversationId: undefined,
    author: undefined,
    attachments: NONE,
    imported: false,
    delivery: "sent",
    streaming: false,
    redacted: false,
    metadata: undefined,
    failure: undefined,
    ...given,
  };
}

export function loggedMessage(key: string, message: Message): ChatMessage {
  const { id: _id, clientId: _clientId, createdAt, ...same } = message;
  return chatMessage({ ...same, key, createdAt: Date.parse(createdAt) });
}

export function writtenMessage(
  { order, message, files = NONE, failure }: Written,
  by: Pick<ChatMessage, "role" | "author">,
): ChatMessage {
  const { clientId: key, content, conversationId, metadata } = message;
  const delivery = failure === undefined ? "queued" : "failed";
  const same = { content, conversationId, metadata, attachments: files, ...by };
  return chatMessage({ ...same, key, createdAt: order, delivery, failure });
}

/** Logged messages that were kept as JSON, up to the first that is none or out of order. */
export function keptMessages(value: unknown): ChatMessage[] {
  const kept: ChatMessage[] = [];
  let before = 0;
  for (const item of Array.isArray(value) ? value : []) {
    if (!isKept(item) || item.seq <= before) {
      break;
    }
    before = item.seq;
    kept.push(chatMessage(item));
  }
  return kept;
}

/** Whatever would not be shown but break the page makes it none. */
function isKept(value: unknown): value is Given & { readonly seq: number } {
  const { key, seq, role, content, createdAt, author, attachments = NONE } = asFields(value);
  return (
    typeof key === "string" &&
    typeof seq === "number" &&
    MESSAGE_ROLES.some((known) => known === role) &&
    typeof content === "string" &&
    typeof createdAt === "number" &&
    Math.abs(createdAt) <= MAX_TIME_MS &&
    isTextOrNone(asFields(author).name) &&
    Array.isArray(attachments) &&
    attachments.every(isAttachment)
  );
}

export function isAttachment(value: unknown): boolean {
  const { url, fileId = url, uploadId = fileId, name, size } = asFields(value);
  return (
    typeof uploadId === "string" &&
    typeof name === "string" &&
    (size === undefined || typeof size === "number")
  );
}
