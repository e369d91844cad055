// What is read of a session has to be what the model has of it.
import { expect } from "vitest";
import type { Message } from "../../../src/protocol/message.ts";
import type { MessagePage } from "../../../src/protocol/rest.ts";
import type { FileModel, SessionModel } from "./model.ts";
import type { Answer, World } from "./world.ts";

/** All messages, page by page; "gone" where there is no such session, undefined where something failed. */
export async function readAll(
  world: World,
  { id }: SessionModel,
): Promise<readonly Message[] | "gone" | undefined> {
  const messages: Message[] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const path: string = `/api/sessions/${id}/messages?after=${after}&limit=5`;
    const answer: Answer<MessagePage> = await world.ask(path, { bearer: world.team.teamKey });
    if (answer.status >= 500) return undefined;
    if (answer.status === 404) return "gone";
    expect(answer.status).toBe(200);
    messages.push(...answer.body.messages);
    after = answer.body.nextAfter;
  }
  return messages;
}

/** In order, without gap or repeat: all that was acknowledged, and nothing that nobody sent. */
export function sameMessages(chat: SessionModel, found: readonly Message[]): void {
  expect(found.map(({ seq }) => seq)).toEqual(found.map((_, index) => index + 1));
  const byClientId = new Map(found.map((message) => [message.clientId, message]));
  expect(byClientId.size, "a message twice").toBe(found.length);
  for (const message of chat.messages) {
    const one = byClientId.get(message.clientId);
    byClientId.delete(message.clientId);
    if (one === undefined) {
      expect(message.stored, `lost: ${message.content}`).not.toBe("yes");
      continue;
    }
    expect(message.stored, `refused, and there: ${message.content}`).not.toBe("no");
    if (message.id !== undefined) expect(one.id).toBe(message.id);
    if (message.seq !== undefined) expect(one.seq).toBe(message.seq);
    if (one.redacted) {
      expect(message.redacted, `taken back by nobody: ${message.content}`).not.toBe("no");
      expect(one).not.toHaveProperty("attachments");
      expect(one.content).toBe("");
      continue;
    }
    expect(message.redacted, `taken back, and there: ${message.content}`).not.toBe("yes");
    sameContent(message, one);
  }
  expect([...byClientId.keys()], "nobody's messages").toEqual([]);
}

function sameContent(
  { content, files, isStreamed }: SessionModel["messages"][number],
  found: Message,
): void {
  if (isStreamed && found.metadata?.incomplete === true) {
    expect(content.startsWith(found.content)).toBe(true);
  } else expect(found.content).toBe(content);
  const ids = (found.attachments ?? []).map((one) => ("fileId" in one ? one.fileId : undefined));
  expect(ids).toEqual(files.map(({ fileId }) => fileId));
}

/** @param answer of a download at `at` */
export function sameFile(chat: SessionModel, file: FileModel, answer: Answer, at: number): void {
  if (answer.status === 200) {
    expect(chat.mayBeRead(file, at), `it opens, and is gone: ${file.text}`).toBe(true);
    expect(answer.body).toBe(file.text);
  } else {
    expect(answer.status).toBe(404);
    expect(chat.mustBeRead(file, at), `lost: ${file.text}`).toBe(false);
  }
}
