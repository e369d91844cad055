/** What an older client has kept, and its way into a session. */
import { expect } from "vitest";
import type {
  ImportAnswer,
  ImportedConversation,
  ImportedMessage,
} from "../../src/protocol/import.ts";
import type { Message } from "../../src/protocol/message.ts";
import type { MessagePage, SessionWithToken } from "../../src/protocol/rest.ts";
import { call } from "./api.ts";

const BEGUN = Date.UTC(2025, 3, 2, 9, 12);

/** Message `index` of a conversation, a minute after the one before it; the visitor and the assistant take turns. */
export function oldMessage(index: number, fields: Partial<ImportedMessage> = {}): ImportedMessage {
  return {
    id: `m-${index}`,
    role: index % 2 === 0 ? "user" : "assistant",
    content: `Message ${index}`,
    createdAt: new Date(BEGUN + index * 60_000).toISOString(),
    ...fields,
  };
}

/** Messages `from` up to `to`, without it, of conversation `id`. */
export function oldConversation(id: string, from: number, to: number): ImportedConversation {
  const messages = Array.from({ length: to - from }, (_, index) =>
    oldMessage(from + index, { content: `${id} ${from + index}` }),
  );
  return { id, messages };
}

export function sendImport(
  { session, token }: SessionWithToken,
  conversations: unknown,
  bearer = token,
): Promise<Response> {
  return call(`/api/sessions/${session.id}/import`, { bearer, body: { conversations } });
}

export async function importInto(
  chat: SessionWithToken,
  ...conversations: readonly ImportedConversation[]
): Promise<ImportAnswer> {
  const response = await sendImport(chat, conversations);
  expect(response.status, await response.clone().text()).toBe(200);
  return await response.json();
}

/** The whole log, page by page. */
export async function logOf({ session, token }: SessionWithToken): Promise<readonly Message[]> {
  const log: Message[] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const path = `/api/sessions/${session.id}/messages?after=${after}&limit=200`;
    const page: MessagePage = await (await call(path, { bearer: token })).json();
    log.push(...page.messages);
    after = page.nextAfter;
  }
  return log;
}
