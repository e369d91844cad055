// What visitors and their team ask of a session, and what that has to come to.
import { expect } from "vitest";
import type { UploadedFile } from "../../../src/protocol/file.ts";
import type { EraseReceipt } from "../../../src/protocol/lifecycle.ts";
import type { Message } from "../../../src/protocol/message.ts";
import type { SessionWithToken } from "../../../src/protocol/rest.ts";
import { things } from "../../support/api.ts";
import { FILES, upload } from "../../support/files.ts";
import { readAll, sameFile, sameMessages } from "./agreement.ts";
import type { FileModel, MessageModel, SessionModel, Sure } from "./model.ts";
import type { Answer, World } from "./world.ts";

export type Who = "visitor" | "team";

const pathOf = ({ id }: SessionModel) => `/api/sessions/${id}`;

function bearerOf(world: World, chat: SessionModel, who: Who): string | undefined {
  return who === "team" ? world.team.teamKey : chat.token;
}

/** What an answer says of whether that happened which was asked for; it may only be refused for a reason. */
function outcomeOf({ status, code }: Answer, chat: SessionModel, at: number): Sure {
  if (status >= 500) return "maybe";
  if (status < 300) {
    expect(chat.mustBeGone(at), "it answers, and is gone").toBe(false);
    return "yes";
  }
  if (code === "session_not_found" || code === "invalid_credential") {
    expect(chat.mayBeGone(at), `${code}, and it is not gone`).toBe(true);
  } else if (code === "session_terminated" || code === "session_expired") {
    expect(chat.mayHaveEnded(at), `${code}, and it has not ended`).toBe(true);
  }
  return "no";
}

/** As `outcomeOf`, of what only an active session does. */
function activeOutcomeOf(answer: Answer, chat: SessionModel, at: number, slides: boolean): Sure {
  const outcome = outcomeOf(answer, chat, at);
  if (outcome === "yes") {
    expect(chat.mustHaveEnded(at), "it took something, and has ended").toBe(false);
    if (slides) chat.slid(at);
    else chat.wasActive(at);
  }
  return outcome;
}

/** @param withFile by whoever brought one that no message has, if there is any */
export async function post(world: World, chat: SessionModel, who: Who, withFile: boolean) {
  const isFree = ({ fileId, taken, deleted }: FileModel) =>
    fileId !== undefined && taken === "no" && deleted === "no";
  const file = withFile ? chat.files.findLast(isFree) : undefined;
  const by = file?.side ?? who;
  const bearer = bearerOf(world, chat, by);
  if (bearer === undefined) return;
  const at = Date.now();
  const files = file === undefined ? [] : [file];
  const message = newMessage(world, files, false);
  const attachments = files.map(({ fileId }) => ({ fileId }));
  const { clientId, content } = message;
  const body = { clientId, content, ...(files.length > 0 && { attachments }) };
  chat.called(at);
  const answer = await world.ask<{ message: Message }>(`${pathOf(chat)}/messages`, {
    bearer,
    body,
  });
  message.stored = activeOutcomeOf(answer, chat, at, by === "visitor");
  if (answer.status === 422) {
    const isThere = files.every((one) => chat.mustBeRead(one, at));
    expect(isThere, "the file was there to be taken").toBe(false);
  } else if (message.stored === "no") {
    expect(chat.mayHaveEnded(at), `${answer.code} for nothing`).toBe(true);
  }
  for (const one of files) one.taken = message.stored;
  told(message, answer);
  chat.messages.push(message);
}

export async function streamAnswer(world: World, chat: SessionModel): Promise<void> {
  const at = Date.now();
  const message = newMessage(world, [], true);
  chat.called(at);
  const answer = await world.ask<{ message: Message }>(
    `${pathOf(chat)}/messages/stream?clientId=${message.clientId}`,
    { bearer: world.team.teamKey, text: message.content },
  );
  message.stored = activeOutcomeOf(answer, chat, at, false);
  told(message, answer);
  chat.messages.push(message);
}

function newMessage(world: World, files: readonly FileModel[], isStreamed: boolean): MessageModel {
  return {
    clientId: world.unique("message"),
    content: world.unique("words"),
    isStreamed,
    files,
    stored: "no",
    id: undefined,
    seq: undefined,
    redacted: "no",
  };
}

function told(message: MessageModel, { body }: Answer<{ message: Message }>): void {
  if (message.stored !== "yes") return;
  message.id = body.message.id;
  message.seq = body.message.seq;
  if (body.message.metadata?.incomplete !== true) {
    expect(body.message.content).toBe(message.content);
  }
}

export async function bringFile(world: World, chat: SessionModel, who: Who): Promise<void> {
  const bearer = bearerOf(world, chat, who);
  if (bearer === undefined) return;
  const at = Date.now();
  const text = world.unique("bytes");
  const file: FileModel = {
    clientId: world.unique("file"),
    text,
    at,
    side: who,
    stored: "no",
    fileId: undefined,
    deleted: "no",
    taken: "no",
  };
  chat.called(at);
  const session = { id: chat.id } as SessionWithToken["session"];
  const sample = {
    type: FILES.text.type,
    bytes: Uint8Array.from(text, (char) => char.charCodeAt(0)),
  };
  const answer = await world.judge<UploadedFile>(() =>
    upload({ session, token: bearer }, sample, { name: "a.txt", clientId: file.clientId, bearer }),
  );
  file.stored = activeOutcomeOf(answer, chat, at, false);
  if (file.stored === "yes") file.fileId = answer.body.file.fileId;
  else if (file.stored === "no") {
    expect(chat.mayHaveEnded(at) || answer.code === "rate_limited", answer.code).toBe(true);
  }
  chat.files.push(file);
}

export async function fetchFile(world: World, chat: SessionModel, which: number): Promise<void> {
  const file = chat.files[which % chat.files.length];
  if (file?.fileId === undefined) return;
  const at = Date.now();
  const answer = await world.ask(`${pathOf(chat)}/files/${file.fileId}`, {
    bearer: world.team.teamKey,
  });
  if (answer.status < 500) sameFile(chat, file, answer, at);
}

export async function deleteFile(world: World, chat: SessionModel, which: number, who: Who) {
  const file = chat.files[which % chat.files.length];
  const bearer = bearerOf(world, chat, who);
  if (file?.fileId === undefined || bearer === undefined) return;
  const at = Date.now();
  chat.called(at);
  const path = `${pathOf(chat)}/files/${file.fileId}`;
  const answer = await world.ask(path, { method: "DELETE", bearer });
  const outcome = outcomeOf(answer, chat, at);
  if (outcome !== "no" && file.deleted !== "yes") file.deleted = outcome;
  if (answer.code === "file_not_found") {
    expect(chat.mustBeRead(file, at), "the file was there to be deleted").toBe(false);
    file.deleted = "yes";
  }
}

export async function refresh(world: World, chat: SessionModel, rotate: boolean): Promise<void> {
  if (chat.token === undefined) return;
  const at = Date.now();
  chat.called(at);
  const answer = await world.ask<{ token?: string }>(`${pathOf(chat)}/refresh`, {
    bearer: chat.token,
    body: rotate ? { rotate } : {},
  });
  const outcome = activeOutcomeOf(answer, chat, at, true);
  if (outcome === "yes" && answer.body.token !== undefined) chat.token = answer.body.token;
  if (outcome === "no") expect(chat.mayHaveEnded(at), answer.code).toBe(true);
}

/** After it, the token of before opens nothing. */
export async function identify(world: World, chat: SessionModel): Promise<void> {
  if (chat.token === undefined) return;
  const at = Date.now();
  chat.called(at);
  const identityToken = await things.identityToken(world.team, chat);
  const answer = await world.ask<{ token?: string }>(`${pathOf(chat)}/identify`, {
    bearer: chat.token,
    body: { identityToken },
  });
  const outcome = activeOutcomeOf(answer, chat, at, false);
  if (outcome === "yes") chat.token = answer.body.token ?? chat.token;
  else if (outcome === "maybe") chat.token = undefined;
  else expect(chat.mayHaveEnded(at), answer.code).toBe(true);
}

export async function end(world: World, chat: SessionModel, who: Who): Promise<void> {
  const bearer = bearerOf(world, chat, who);
  if (bearer === undefined) return;
  const at = Date.now();
  const answer = await world.ask(pathOf(chat), { method: "DELETE", bearer });
  const outcome = outcomeOf(answer, chat, at);
  if (outcome !== "no") chat.endAsked(at, outcome === "yes");
}

export async function erase(world: World, chat: SessionModel): Promise<void> {
  const at = Date.now();
  const answer = await world.ask<EraseReceipt>(`${pathOf(chat)}?erase=true`, {
    method: "DELETE",
    bearer: world.team.teamKey,
  });
  const outcome = outcomeOf(answer, chat, at);
  if (outcome === "no") return;
  chat.eraseAsked(at, outcome === "yes");
  if (outcome === "maybe") return;
  const count = (least: Sure) =>
    chat.messages.filter(({ stored }) => stored === "yes" || stored === least).length;
  const { messages } = answer.body.removed;
  expect(messages).toBeGreaterThanOrEqual(count("yes"));
  expect(messages).toBeLessThanOrEqual(count("maybe"));
}

export async function redact(world: World, chat: SessionModel, which: number): Promise<void> {
  // Those that carry something first.
  const messages = chat.messages.toSorted((one, other) => other.files.length - one.files.length);
  const message = messages[which % messages.length];
  if (message?.id === undefined) return;
  const at = Date.now();
  const answer = await world.ask(`${pathOf(chat)}/messages/${message.id}`, {
    method: "DELETE",
    bearer: world.team.teamKey,
  });
  const outcome = outcomeOf(answer, chat, at);
  if (outcome === "no") {
    expect(chat.mayBeGone(at), `${answer.code} for what is there`).toBe(true);
    return;
  }
  if (message.redacted !== "yes") message.redacted = outcome;
  for (const file of message.files) if (file.deleted !== "yes") file.deleted = outcome;
}

export async function read(world: World, chat: SessionModel): Promise<void> {
  const at = Date.now();
  const found = await readAll(world, chat);
  if (found === undefined) return;
  if (found === "gone") expect(chat.mayBeGone(at), "what was said is gone").toBe(true);
  else sameMessages(chat, found);
}

interface Line {
  readonly type: string;
  readonly message?: Message;
  readonly messages?: number;
}

export async function takeOut(world: World, chat: SessionModel): Promise<void> {
  const at = Date.now();
  const answer = await world.ask<string>(`${pathOf(chat)}/export`, {
    bearer: world.team.teamKey,
  });
  if (outcomeOf(answer, chat, at) !== "yes") return;
  const lines = answer.body
    .trimEnd()
    .split("\n")
    .flatMap((text): Line[] => {
      try {
        return [JSON.parse(text) as Line];
      } catch {
        // The last one, where it broke off.
        return [];
      }
    });
  const last = lines.at(-1);
  if (last?.type !== "end") {
    expect(world.mayFail, "it broke off for nothing").toBe(true);
    return;
  }
  const messages = lines.flatMap(({ message }) => message ?? []);
  expect(last.messages).toBe(messages.length);
  sameMessages(chat, messages);
}
