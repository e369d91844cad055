// Messages as they are shown, from whichever source they come.
import type { Attachment, Message } from "../../src/protocol/message.ts";
import { MESSAGE_ROLES } from "../../src/protocol/message.ts";
import type { Written } from "./outbox-store.ts";
import type { ChatMessage } from "./session-state.ts";
import { asFields } from "./stored-fields.ts";

type Given = Pick<ChatMessage, "key" | "role" | "content" | "createdAt">;

const NONE: readonly Attachment[] = [];

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
  { order, message, failure }: Written,
  by: Pick<ChatMessage, "role" | "author">,
): ChatMessage {
  const { clientId: key, ...same } = message;
  const delivery = failure === undefined ? "queued" : "failed";
  return chatMessage({ ...same, ...by, key, createdAt: order, delivery, failure });
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

function isKept(value: unknown): value is Given & { readonly seq: number } {
  const { key, seq, role, content, createdAt } = asFields(value);
  return (
    typeof key === "string" &&
    typeof seq === "number" &&
    MESSAGE_ROLES.some((known) => known === role) &&
    typeof content === "string" &&
    typeof createdAt === "number"
  );
}
