/** What an older client kept comes into the log once, whole and in order, and is the visitor's own word there for ever. */
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Conversation } from "../../src/protocol/conversation.ts";
import { IMPORT_WINDOW_MS, MAX_CONVERSATIONS_PER_SESSION } from "../../src/protocol/limits.ts";
import type { ConversationList, SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, things } from "../support/api.ts";
import { ticketFor } from "../support/credentials.ts";
import { RESIDENCIES, stepper } from "../support/eviction.ts";
import { importInto, logOf, oldConversation, oldMessage, sendImport } from "../support/history.ts";
import { indexText } from "../support/index-database.ts";
import type { TeamThings } from "../support/named-things.ts";
import { indexAnswered, objectTables } from "../support/object-storage.ts";
import { problemOf, refusal } from "../support/problem.ts";
import { newHearingTeam } from "../support/receiver.ts";
import { TestSocket } from "../support/socket.ts";
import { bound, codeOf, newBoundTeam } from "../support/streaming.ts";

let team: TeamThings;
let chat: SessionWithToken;

beforeAll(async () => {
  team = await things.team(await newTeam());
});
beforeEach(async () => {
  chat = await newSession(team.teamId);
});
afterEach(() => {
  vi.useRealTimers();
});

const say = (clientId: string, conversationId?: string) =>
  call(`/api/sessions/${chat.session.id}/messages`, {
    bearer: chat.token,
    body: { clientId, content: clientId, ...(conversationId && { conversationId }) },
  });

async function conversations(bearer = chat.token): Promise<readonly Conversation[]> {
  const response = await call(`/api/sessions/${chat.session.id}/conversations`, { bearer });
  return (await response.json<ConversationList>()).conversations;
}

async function openSocket(query = ""): Promise<TestSocket> {
  const socket = await TestSocket.open(chat.session, await ticketFor(chat.token), { query });
  await socket.first("synced");
  return socket;
}

/** What is in each conversation, in the order of the log. */
async function contents(): Promise<Readonly<Record<string, readonly string[]>>> {
  const found: Record<string, string[]> = {};
  for (const { conversationId, content } of await logOf(chat)) {
    found[conversationId] = [...(found[conversationId] ?? []), content];
  }
  return found;
}

describe.each(RESIDENCIES)("an object that %s", (residency) => {
  const evict = stepper(residency);
  const step = async () => {
    await indexAnswered(chat.session.id);
    await evict(chat.session.id);
  };

  test("keeps what each conversation is, over its batches and what is said in between", async () => {
    const { defaultConversationId } = chat.session;
    const [a, b] = [oldConversation("a", 0, 9), oldConversation("b", 0, 6)];
    const part = ({ id, messages }: typeof a, from: number, to: number) => ({
      id,
      messages: messages.slice(from, to),
    });
    expect(await importInto(chat, part(a, 0, 4))).toEqual({ imported: 4, skipped: 0 });
    await step();
    expect(await importInto(chat, part(b, 0, 3), part(a, 4, 6))).toMatchObject({ imported: 5 });
    await step();
    expect((await say("now")).status).toBe(201);
    await step();
    expect(await importInto(chat, part(a, 4, 9), part(b, 2, 6))).toEqual({
      imported: 6,
      skipped: 3,
    });
    const found = await contents();
    const [other = ""] = Object.keys(found).filter((id) => id !== defaultConversationId);
    const texts = ({ messages }: typeof a) => messages.map(({ content }) => content);
    expect(found).toEqual({
      [defaultConversationId]: [...texts(part(a, 0, 6)), "now", ...texts(part(a, 6, 9))],
      [other]: texts(b),
    });
    const log = await logOf(chat);
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
  });

  test("tells whoever is there, and whoever comes later, the same", async () => {
    const reader = await openSocket();
    await importInto(chat, {
      id: "a",
      messages: [
        oldMessage(0),
        oldMessage(1, {
          content: "",
          createdAt: "2025-04-02T11:13:00+02:00",
          attachments: [{ url: "https://files.example/a.pdf", name: "a.pdf", size: 7 }],
        }),
      ],
    });
    await step();
    await say("later");
    await reader.until(() => reader.messages.length === 3);
    const log = await logOf(chat);
    expect(log.slice(0, 2)).toEqual([
      {
        id: expect.stringMatching(/^msg_1_/),
        seq: 1,
        conversationId: chat.session.defaultConversationId,
        role: "user",
        content: "Message 0",
        createdAt: "2025-04-02T09:12:00.000Z",
        imported: true,
      },
      {
        id: expect.stringMatching(/^msg_2_/),
        seq: 2,
        conversationId: chat.session.defaultConversationId,
        role: "assistant",
        content: "",
        attachments: [{ url: "https://files.example/a.pdf", name: "a.pdf", size: 7 }],
        createdAt: "2025-04-02T09:13:00.000Z",
        imported: true,
      },
    ]);
    expect(reader.messages).toEqual(log);
    expect(reader.all("messages").map(({ from, to }) => [from, to])).toEqual([
      [0, 2],
      [2, 3],
    ]);
    for (const query of ["?after=0", "?after=1", "?tail=2"]) {
      await step();
      const late = await openSocket(query);
      expect(late.messages).toEqual(log.slice(query === "?after=0" ? 0 : 1));
    }
  });

  test("takes one back like any other, and it stays imported", async () => {
    await importInto(chat, {
      id: "a",
      messages: [
        oldMessage(0, {
          content: "my card is 4111-1111",
          attachments: [{ url: "https://files.example/4111-1111", name: "4111-1111" }],
        }),
      ],
    });
    const [message] = await logOf(chat);
    await step();
    const path = `/api/sessions/${chat.session.id}/messages/${message?.id}`;
    expect((await call(path, { method: "DELETE", bearer: team.teamKey })).status).toBe(204);
    await step();
    expect(await logOf(chat)).toEqual([
      {
        id: message?.id,
        seq: 1,
        conversationId: chat.session.defaultConversationId,
        role: "user",
        content: "",
        createdAt: "2025-04-02T09:12:00.000Z",
        imported: true,
        redacted: true,
      },
    ]);
    expect(await objectTables(chat.session.id, () => true)).not.toContain("4111");
    expect(await importInto(chat, oldConversation("a", 0, 1))).toEqual({ imported: 0, skipped: 1 });
  });

  test("has no event of it: bots hear what is said, before and after", async () => {
    const { receiver, ...hearing } = await newHearingTeam();
    chat = await newSession(hearing.teamId);
    await say("before");
    await step();
    await importInto(chat, oldConversation("a", 0, 150), oldConversation("b", 0, 50));
    await step();
    await say("after");
    const events = await receiver.untilEvent(
      (event) => event.type === "message.created" && event.data.message.content === "after",
    );
    expect(events.map(({ id }) => id)).toEqual(
      [1, 4, 4 * 202].map((position) => `evt_${chat.session.id}_${position}`),
    );
    const replayed = await call(`/api/teams/${hearing.teamId}/webhook/replay`, {
      bearer: hearing.teamKey,
      body: { sessionId: chat.session.id, since: "2025-01-01T00:00:00Z" },
    });
    expect(await replayed.json()).toEqual({ events: 3 });
  });
});

describe("the conversations", () => {
  test("the first fills the default one, the others open their own, begun when their first message was", async () => {
    await importInto(chat, { id: "none", messages: [] });
    expect(await conversations()).toHaveLength(1);
    await importInto(chat, oldConversation("a", 0, 2), oldConversation("b", 3, 4));
    const listed = await conversations();
    expect(listed.map(({ lastSeq }) => lastSeq)).toEqual([3, 2]);
    expect(listed[0]?.createdAt).toBe("2025-04-02T09:15:00.000Z");
    expect(listed[1]?.id).toBe(chat.session.defaultConversationId);
    await indexAnswered(chat.session.id);
    expect(await indexText((table) => table === "conversations")).toContain(listed[0]?.id);
  });

  test("where something was said already, all open their own", async () => {
    await say("Hello");
    await importInto(chat, oldConversation("a", 0, 2), oldConversation("b", 0, 2));
    expect(Object.values(await contents())).toEqual([["Hello"], ["a 0", "a 1"], ["b 0", "b 1"]]);
  });

  test("the same id in another conversation is another message, and twice in one call the same", async () => {
    const twice = [oldMessage(0), oldMessage(0, { content: "again", role: "assistant" })];
    expect(
      await importInto(
        chat,
        { id: "a", messages: twice },
        { id: "b", messages: [oldMessage(0)] },
        { id: "a", messages: [oldMessage(0), oldMessage(1)] },
      ),
    ).toEqual({ imported: 3, skipped: 2 });
    expect(Object.values(await contents())).toEqual([["Message 0", "Message 1"], ["Message 0"]]);
  });

  test("no id of an imported message is one that a sender could choose", async () => {
    const id = chat.session.defaultConversationId;
    await importInto(chat, { id: "a", messages: [oldMessage(0)] });
    const body = { clientId: `${id}/m-0`, content: "Hello" };
    const path = `/api/sessions/${chat.session.id}/messages`;
    expect(await refusal(await call(path, { bearer: chat.token, body }))).toBe(
      "422 validation_failed",
    );
    expect((await say("m-0")).status).toBe(201);
  });

  test("are as many as a session has, and no more: the call that would be one too many does nothing", async () => {
    const many = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) => oldConversation(`c${from + index}`, 0, 1));
    await importInto(chat, ...many(0, MAX_CONVERSATIONS_PER_SESSION - 1));
    const before = await objectTables(chat.session.id);
    const refused = await sendImport(chat, many(98, 101));
    expect(await refusal(refused)).toBe("409 too_many_conversations");
    expect(await objectTables(chat.session.id)).toBe(before);
    expect(await importInto(chat, ...many(98, 100))).toEqual({ imported: 1, skipped: 1 });
  });

  test("a closed one stays closed", async () => {
    await importInto(chat, oldConversation("a", 0, 1));
    const { defaultConversationId } = chat.session;
    const path = `/api/sessions/${chat.session.id}/conversations/${defaultConversationId}`;
    const closed = { method: "PATCH", bearer: team.teamKey, body: { status: "closed" } };
    expect((await call(path, closed)).status).toBe(200);
    await importInto(chat, oldConversation("a", 0, 3));
    expect(await conversations()).toMatchObject([{ status: "closed" }]);
  });
});

describe("what is imported", () => {
  test("is news to nobody, whichever role it has", async () => {
    await importInto(chat, oldConversation("a", 0, 4));
    expect(await conversations()).toMatchObject([{ unread: 0, lastSeq: 4 }]);
    expect(await conversations(team.teamKey)).toMatchObject([{ unread: 0, lastSeq: 4 }]);
    await say("now");
    expect(await conversations(team.teamKey)).toMatchObject([{ unread: 1 }]);
  });

  test("is on the visitor's side alone: the team's own ids are free, and it cannot be signed", async () => {
    await importInto(chat, oldConversation("a", 0, 2));
    expect(await objectTables(chat.session.id, (table) => table === "messages")).not.toMatch(
      /\bteam\b/,
    );
    for (const field of ["author", "metadata", "clientId", "imported"]) {
      const messages = [{ ...oldMessage(7), [field]: {} }];
      const problem = await problemOf(await sendImport(chat, [{ id: "a", messages }]));
      expect(problem.errors).toEqual([
        { path: `/conversations/0/messages/0/${field}`, message: "unknown field" },
      ]);
    }
  });

  test("is no answer that the team has finished", async () => {
    chat = await newSession(await newBoundTeam());
    await importInto(chat, oldConversation("a", 0, 2));
    for (const { id } of await logOf(chat)) {
      expect(await codeOf(bound("finishMessage", chat.session.id, id, {}))).toBe(
        "message_not_found",
      );
    }
  });

  test("has its own time, but never one ahead of now", async () => {
    const ahead = new Date(Date.now() + 86_400_000).toISOString();
    await importInto(chat, { id: "a", messages: [oldMessage(0, { createdAt: ahead })] });
    const [message] = await logOf(chat);
    const at = Date.parse(message?.createdAt ?? "");
    expect(at).toBeLessThanOrEqual(Date.now());
    expect(at).toBeGreaterThan(Date.now() - 60_000);
  });

  test("counts for no rate of messages, and is a touch like one", async () => {
    const messagesPerMinutePerCredential = 2;
    const limits = { limits: { messagesPerMinutePerCredential } };
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    chat = await newSession(await newTeam(limits));
    const created = Date.parse(chat.session.lastAccessed);
    vi.setSystemTime(created + 1_000);
    expect((await say("1")).status).toBe(201);
    expect(await importInto(chat, oldConversation("a", 0, 200))).toMatchObject({ imported: 200 });
    await stepper("is evicted between steps")(chat.session.id);
    expect((await say("2")).status).toBe(201);
    expect(await refusal(await say("3"))).toBe("429 rate_limited");
    vi.setSystemTime(created + 180_000);
    await importInto(chat, oldConversation("a", 200, 201));
    const path = `/api/sessions/${chat.session.id}`;
    for (const residency of RESIDENCIES) {
      await stepper(residency)(chat.session.id);
      expect(await (await call(path, { bearer: chat.token })).json()).toMatchObject({
        session: { lastAccessed: new Date(created + 180_000).toISOString(), lastSeq: 203 },
      });
    }
  });
});

describe("a call that is refused leaves nothing behind", () => {
  test.each([
    ["413 message_too_large", { content: "ä".repeat(16_385) }],
    ["413 message_too_large", { content: "\u0001".repeat(16_000) }],
    ["413 quota_exceeded", { content: "x".repeat(4_400) }],
  ])("%s", async (expected, fields) => {
    chat = await newSession(await newTeam({ limits: { bytesPerSession: 9_000 } }));
    await importInto(chat, oldConversation("a", 0, 1));
    const before = await objectTables(chat.session.id, () => true);
    const reader = await openSocket("?tail=0");
    const response = await sendImport(chat, [
      oldConversation("a", 1, 3),
      { id: "b", messages: [oldMessage(0), oldMessage(1, fields), oldMessage(2, fields)] },
    ]);
    const { status, code, errors } = await problemOf(response);
    expect(`${status} ${code}`).toBe(expected);
    expect(errors?.map(({ path }) => path)).toEqual(
      code === "message_too_large" ? ["/conversations/1/messages/1"] : undefined,
    );
    expect(await objectTables(chat.session.id, () => true)).toBe(before);
    expect(await importInto(chat, oldConversation("a", 0, 3))).toEqual({ imported: 2, skipped: 1 });
    await reader.until(() => reader.seqs.length === 2);
    expect(reader.seqs).toEqual([2, 3]);
  });

  test("after the session's first hour, also what would have been skipped", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    chat = await newSession(team.teamId);
    const created = Date.parse(chat.session.createdAt);
    vi.setSystemTime(created + IMPORT_WINDOW_MS - 1);
    expect(await importInto(chat, oldConversation("a", 0, 1))).toMatchObject({ imported: 1 });
    vi.setSystemTime(created + IMPORT_WINDOW_MS);
    for (const to of [1, 2]) {
      const refused = await sendImport(chat, [oldConversation("a", 0, to)]);
      expect(await refusal(refused)).toBe("409 import_closed");
    }
    expect(await logOf(chat)).toHaveLength(1);
  });
});
