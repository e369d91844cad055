/** Hand-over: a change, what the log tells of it and what the index hears of it go together, whoever else writes. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Call } from "../../objects/calls.ts";
import type { SessionObject } from "../../objects/session.ts";
import type { Conversation, UpdateConversationRequest } from "../../src/protocol/conversation.ts";
import type { Message } from "../../src/protocol/message.ts";
import type { ConversationList, MessagePage, SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, things } from "../support/api.ts";
import { RESIDENCIES, stepper } from "../support/eviction.ts";
import { indexCost } from "../support/index-database.ts";
import type { TeamThings } from "../support/named-things.ts";
import { objectOf } from "../support/object-of.ts";
import { indexAnswered, objectRowsWritten } from "../support/object-storage.ts";
import { refusal } from "../support/problem.ts";
import { TestSocket } from "../support/socket.ts";

let team: TeamThings;
let ada: string;
let bo: string;
let chat: SessionWithToken;

beforeAll(async () => {
  team = await things.team(await newTeam());
  [ada, bo] = [
    await things.operatorToken(team, "ada", "Ada"),
    await things.operatorToken(team, "bo", "Bo"),
  ];
});
beforeEach(async () => {
  chat = await newSession(team.teamId);
});

const threads = () => `/api/sessions/${chat.session.id}/conversations`;
const patch = (body: UpdateConversationRequest, bearer: string) =>
  call(`${threads()}/${chat.session.defaultConversationId}`, { method: "PATCH", bearer, body });

async function change(body: UpdateConversationRequest, bearer = ada): Promise<Conversation> {
  const response = await patch(body, bearer);
  expect(response.status).toBe(200);
  return (await response.json<{ conversation: Conversation }>()).conversation;
}

async function log(bearer = chat.token): Promise<readonly Message[]> {
  const response = await call(`/api/sessions/${chat.session.id}/messages?after=0`, { bearer });
  return (await response.json<MessagePage>()).messages;
}

async function state(bearer = ada): Promise<Conversation | undefined> {
  const response = await call(threads(), { bearer });
  return (await response.json<ConversationList>()).conversations[0];
}

let sent = 0;
const say = async (content: string, bearer = chat.token) => {
  const body = { clientId: `say-${++sent}`, content };
  const response = await call(`/api/sessions/${chat.session.id}/messages`, { bearer, body });
  expect(response.status).toBe(201);
};

const indexed = async () => {
  await indexAnswered(chat.session.id);
  return await env.INDEX_DB.prepare(
    "SELECT status, handled_by, assignee, version FROM conversations WHERE session_id = ?",
  )
    .bind(chat.session.id)
    .first();
};

describe.each(RESIDENCIES)("an object that %s", (residency) => {
  const evict = stepper(residency);
  const step = async (id: string) => {
    // What the index has not heard of before an eviction it hears of by the alarm, half an hour later.
    await indexAnswered(id);
    await evict(id);
  };

  test("hands over and back, and tells in its log and the index", async () => {
    expect(await change({ handledBy: "operator" })).toMatchObject({
      handledBy: "operator",
      assignee: "ada",
      status: "open",
      lastSeq: 1,
    });
    await step(chat.session.id);
    expect(await indexed()).toEqual({
      status: "open",
      handled_by: "operator",
      assignee: "ada",
      version: 2,
    });
    expect(await change({ handledBy: "bot", status: "pending" })).toMatchObject({
      handledBy: "bot",
      status: "pending",
    });
    await step(chat.session.id);
    const { defaultConversationId: id } = chat.session;
    expect(await log()).toEqual([
      {
        id: expect.stringMatching(/^msg_1_/),
        seq: 1,
        clientId: `${id}:2`,
        conversationId: id,
        role: "system",
        author: { id: "ada", name: "Ada" },
        content: "Ada took over the conversation",
        createdAt: expect.any(String),
        metadata: {
          conversation: { id, status: "open", handledBy: "operator" },
          changed: ["handledBy", "assignee"],
        },
      },
      {
        id: expect.stringMatching(/^msg_2_/),
        seq: 2,
        clientId: `${id}:3`,
        conversationId: id,
        role: "system",
        author: { id: "ada", name: "Ada" },
        content: "Ada handed the conversation back to the bot and marked it as pending",
        createdAt: expect.any(String),
        metadata: {
          conversation: { id, status: "pending", handledBy: "bot" },
          changed: ["status", "handledBy", "assignee"],
        },
      },
    ]);
    expect(await indexed()).toEqual({
      status: "pending",
      handled_by: "bot",
      assignee: null,
      version: 3,
    });
  });

  test("is opened again by a visitor's message, and says so after it", async () => {
    await change({ status: "closed" });
    await step(chat.session.id);
    await say("from the team", team.teamKey);
    expect(await state()).toMatchObject({ status: "closed" });
    await step(chat.session.id);
    await say("still there?");
    await step(chat.session.id);
    await say("hello?");
    expect(await state()).toMatchObject({ status: "open" });
    expect((await log()).map(({ role, content }) => `${role}: ${content}`)).toEqual([
      "system: Ada closed the conversation",
      "assistant: from the team",
      "user: still there?",
      "system: The conversation was opened again",
      "user: hello?",
    ]);
    expect(await indexed()).toMatchObject({ status: "open", version: 3 });
  });

  test("gives an entry another name than a message that the team named like it", async () => {
    const { defaultConversationId: id } = chat.session;
    for (const version of [2, 3]) {
      const body = { clientId: `${id}:${version}`, content: "mine" };
      await call(`/api/sessions/${chat.session.id}/messages`, { bearer: team.teamKey, body });
    }
    await step(chat.session.id);
    await change({ handledBy: "operator" });
    expect((await log()).at(-1)).toMatchObject({ clientId: `${id}:4`, role: "system" });
    expect(await state()).toMatchObject({ handledBy: "operator" });
  });
});

test("what changes nothing answers, and writes nothing", async () => {
  await change({ handledBy: "operator" });
  await indexAnswered(chat.session.id);
  let index: unknown;
  const rows = await objectRowsWritten(chat.session.id, async () => {
    index = await indexCost(async () => {
      expect(await change({ handledBy: "operator" })).toMatchObject({ assignee: "ada" });
      expect(await change({ status: "open", assignee: "ada" })).toMatchObject({ lastSeq: 1 });
    });
  });
  expect(rows).toBe(0);
  expect(index).toMatchObject({ rowsWritten: 0 });
});

test("visitors hear of it, not whose it is; readers on a socket at once", async () => {
  const socket = await TestSocket.open(chat.session, chat.ticket);
  await socket.first("synced");
  await change({ handledBy: "operator", assignee: "secret-colleague" });
  await socket.until(() => socket.messages.length === 1);
  expect(await state(chat.token)).not.toHaveProperty("assignee");
  expect(JSON.stringify([socket.frames, await log()])).not.toContain("secret-colleague");
  socket.close();
});

test("a session's end, a foreign conversation and an empty change are refused", async () => {
  const conversation = (id: string, body: object) =>
    call(`${threads()}/${id}`, { method: "PATCH", bearer: ada, body });
  expect(await refusal(await conversation("conv_none", { status: "closed" }))).toBe(
    "404 conversation_not_found",
  );
  for (const body of [
    {},
    { status: "ajar" },
    { handledBy: "nobody" },
    { assignee: "" },
    { assignee: "x".repeat(129) },
    { version: 9 },
  ]) {
    const answer = await conversation(chat.session.defaultConversationId, body);
    expect(await refusal(answer), JSON.stringify(body)).toBe("422 validation_failed");
  }
  expect(await log()).toEqual([]);
});

test("a full session takes no entry, and so no change", async () => {
  const small = await things.team(await newTeam({ limits: { bytesPerSession: 300 } }));
  chat = await newSession(small.teamId);
  const anna = await things.operatorToken(small, "anna");
  await say("x".repeat(50));
  expect(await refusal(await patch({ handledBy: "operator" }, anna))).toBe("413 quota_exceeded");
  expect(await state(anna)).toMatchObject({ handledBy: "bot" });
});

test("a change after a message that opens the thread again, and is not stored yet, is made on top of that", async () => {
  const { id, defaultConversationId } = chat.session;
  await change({ status: "closed" });
  const word = { teamRevision: undefined, teamConfirmedAt: undefined };
  const ours: Call = {
    actor: { kind: "team", teamId: team.teamId, keyId: undefined },
    ...word,
  };
  const [, credentialId = ""] = chat.token.split(".");
  const theirs: Call = { actor: { kind: "ticket", credentialId }, ...word };
  const changed = await runInDurableObject(objectOf(id), async (object: SessionObject) => {
    // The first is stored at once; what comes in its turn waits for the next.
    void object.postMessage(ours, { clientId: "bye", content: "bye" });
    void object.postMessage(theirs, { clientId: "wait", content: "wait" });
    return await object.updateConversation(ours, defaultConversationId, { assignee: "bo" });
  });
  expect(changed).toMatchObject({ conversation: { status: "open", assignee: "bo" } });
  expect(await state()).toMatchObject({ status: "open", assignee: "bo" });
  expect((await log()).slice(1).map(({ content }) => content)).toEqual([
    "bye",
    "wait",
    "The conversation was opened again",
    "The team assigned the conversation to a colleague",
  ]);
});

test("two who take over at once: both apply, one after the other", async () => {
  await Promise.all([
    change({ handledBy: "operator" }, ada),
    change({ handledBy: "operator" }, bo),
    say("and a message"),
    change({ status: "pending" }, team.teamKey),
  ]);
  const entries = (await log()).filter(({ role }) => role === "system");
  expect(entries.map(({ content }) => content).sort()).toEqual([
    "Ada took over the conversation",
    "Bo took over the conversation",
    "The team marked the conversation as pending",
  ]);
  const last = entries.filter(({ content }) => content.includes("took over")).at(-1);
  expect(await state()).toMatchObject({ status: "pending", assignee: last?.author?.id });
  expect(await indexed()).toMatchObject({ version: 4, assignee: last?.author?.id });
  expect(entries.map(({ clientId = "" }) => clientId.split(":")[1])).toEqual(["2", "3", "4"]);
});
