import { describe, expect, test } from "vitest";
import { MAX_CONTENT_BYTES } from "../../src/protocol/limits.ts";
import type { Message } from "../../src/protocol/message.ts";
import type { MessagePage, SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { problemOf, refusal } from "../support/problem.ts";

let clientIds = 0;
const newClientId = () => `client-${++clientIds}`;

function post({ session }: SessionWithToken, bearer: string, body: object = {}): Promise<Response> {
  return call(`/api/sessions/${session.id}/messages`, {
    bearer,
    body: { clientId: newClientId(), content: "Hello", ...body },
  });
}

async function posted(response: Response): Promise<Message> {
  expect(response.status, await response.clone().text()).toBeLessThan(300);
  return (await response.json<{ message: Message }>()).message;
}

function list({ session, token }: SessionWithToken, query = ""): Promise<Response> {
  return call(`/api/sessions/${session.id}/messages${query}`, { bearer: token });
}

async function page(chat: SessionWithToken, query = ""): Promise<MessagePage> {
  const response = await list(chat, query);
  expect(response.status, await response.clone().text()).toBe(200);
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  return response.json<MessagePage>();
}

const seqs = ({ messages }: MessagePage) => messages.map(({ seq }) => seq);

describe("a visitor's message", () => {
  test("is stored as it was written, with the role user", async () => {
    const chat = await newSession(await newTeam());
    const body = {
      clientId: "c.1:2_3-4",
      content: "Grüße <b>😀</b>\n\u0000",
      metadata: { page: "/cart", nested: [1, { a: null }] },
    };
    const response = await post(chat, chat.token, body);
    expect(response.status).toBe(201);
    const message = await posted(response);
    expect(message).toEqual({
      id: expect.any(String),
      seq: 1,
      conversationId: chat.session.defaultConversationId,
      role: "user",
      createdAt: expect.stringMatching(/Z$/),
      ...body,
    });
    expect(await page(chat)).toEqual({ messages: [message] });
  });

  test("may say that it is the user's, and nothing else", async () => {
    const chat = await newSession(await newTeam());
    expect(await posted(await post(chat, chat.token, { role: "user" }))).toMatchObject({
      role: "user",
    });
    for (const claim of [
      { role: "assistant" },
      { role: "operator" },
      { role: "system" },
      { author: { name: "Support" } },
      { role: "user", author: {} },
    ]) {
      expect(await refusal(await post(chat, chat.token, claim))).toBe("403 forbidden");
    }
    expect(seqs(await page(chat))).toEqual([1]);
  });
});

describe("a message by team key", () => {
  test.each(["user", "assistant", "operator", "system"] as const)(
    "may be the %s's",
    async (role) => {
      const teamId = await newTeam();
      const chat = await newSession(teamId);
      const key = await newTeamKey(teamId, ["messages:write"]);
      const author = { id: "op-7", name: "Ada", avatarUrl: "https://cdn.example/ada.png" };
      const message = await posted(await post(chat, key, { role, author }));
      expect(message).toMatchObject({ role, author, seq: 1 });
      expect((await page(chat)).messages).toEqual([message]);
    },
  );

  test("is the assistant's where it says nothing", async () => {
    const teamId = await newTeam();
    const chat = await newSession(teamId);
    expect(await posted(await post(chat, await newTeamKey(teamId)))).toMatchObject({
      role: "assistant",
    });
  });

  test("needs the scope", async () => {
    const teamId = await newTeam();
    const chat = await newSession(teamId);
    const key = await newTeamKey(teamId, ["sessions:read", "sessions:write", "admin"]);
    expect(await refusal(await post(chat, key))).toBe("403 forbidden");
  });
});

describe("a clientId", () => {
  test("stores one message a side, and answers 200 with it from then on", async () => {
    const teamId = await newTeam();
    const chat = await newSession(teamId);
    const key = await newTeamKey(teamId);
    const first = await post(chat, chat.token, { clientId: "same", content: "visitor" });
    const again = await post(chat, chat.token, { clientId: "same", content: "changed" });
    const byTeam = await post(chat, key, { clientId: "same", content: "team" });
    const byTeamAgain = await post(chat, key, { clientId: "same", role: "system" });
    expect([first, again, byTeam, byTeamAgain].map(({ status }) => status)).toEqual([
      201, 200, 201, 200,
    ]);
    const messages = await Promise.all([first, again, byTeam, byTeamAgain].map(posted));
    expect(messages[1]).toEqual(messages[0]);
    expect(messages[3]).toEqual(messages[2]);
    expect((await page(chat)).messages).toEqual([messages[0], messages[2]]);
  });

  test("of one session is another's too", async () => {
    const teamId = await newTeam();
    for (const chat of [await newSession(teamId), await newSession(teamId)]) {
      expect((await post(chat, chat.token, { clientId: "same" })).status).toBe(201);
    }
  });

  test("sent many times at once stores one message", async () => {
    const chat = await newSession(await newTeam());
    const responses = await Promise.all(
      Array.from({ length: 20 }, () => post(chat, chat.token, { clientId: "eager" })),
    );
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(seqs(await page(chat))).toEqual([1]);
  });
});

describe("pages", () => {
  async function chatOf(count: number, other = new Set<number>()) {
    const chat = await newSession(await newTeam());
    const opened = await call(`/api/sessions/${chat.session.id}/conversations`, {
      bearer: chat.token,
      method: "POST",
    });
    const { conversation } = await opened.json<{ conversation: { id: string } }>();
    for (let seq = 1; seq <= count; seq++) {
      const body = other.has(seq) ? { conversationId: conversation.id } : {};
      await posted(await post(chat, chat.token, body));
    }
    return { chat, other: conversation.id };
  }

  test("without a place are the newest", async () => {
    const { chat } = await chatOf(7);
    expect(seqs(await page(chat))).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const newest = await page(chat, "?limit=3");
    expect(seqs(newest)).toEqual([5, 6, 7]);
    expect(newest).toMatchObject({ nextBefore: 5 });
    expect(newest).not.toHaveProperty("nextAfter");
  });

  test.each([1, 2, 3, 7, 8])("of %i lead forwards over everything once", async (limit) => {
    const { chat } = await chatOf(7);
    const seen: number[] = [];
    let after: number | undefined = 0;
    while (after !== undefined) {
      const next: MessagePage = await page(chat, `?after=${after}&limit=${limit}`);
      expect(next.messages.length).toBeLessThanOrEqual(limit);
      expect(next).not.toHaveProperty("nextBefore");
      seen.push(...seqs(next));
      after = next.nextAfter;
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test.each([1, 2, 3, 7, 8])("of %i lead backwards over everything once", async (limit) => {
    const { chat } = await chatOf(7);
    const seen: number[] = [];
    let query = `?limit=${limit}`;
    for (;;) {
      const next = await page(chat, query);
      expect(seqs(next)).toEqual(seqs(next).toSorted((one, other) => one - other));
      seen.unshift(...seqs(next));
      if (next.nextBefore === undefined) break;
      query = `?limit=${limit}&before=${next.nextBefore}`;
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test("of one conversation hold nothing else, and keep the session's seq", async () => {
    const { chat, other } = await chatOf(6, new Set([2, 3, 6]));
    const main = chat.session.defaultConversationId;
    expect(seqs(await page(chat, `?conversationId=${main}`))).toEqual([1, 4, 5]);
    expect(seqs(await page(chat, `?conversationId=${other}`))).toEqual([2, 3, 6]);
    const forwards = await page(chat, `?conversationId=${other}&after=2&limit=1`);
    expect(forwards).toMatchObject({ messages: [{ seq: 3 }], nextAfter: 3 });
    const backwards = await page(chat, `?conversationId=${other}&before=6&limit=1`);
    expect(backwards).toMatchObject({ messages: [{ seq: 3 }], nextBefore: 3 });
    expect(await page(chat, `?conversationId=${other}&after=6`)).toEqual({ messages: [] });
  });

  test("beyond the ends are empty", async () => {
    const { chat } = await chatOf(2);
    expect(await page(chat, "?after=2")).toEqual({ messages: [] });
    expect(await page(chat, "?after=999999999999999")).toEqual({ messages: [] });
    expect(await page(chat, "?before=1")).toEqual({ messages: [] });
    expect(seqs(await page(chat, "?before=999999999999999"))).toEqual([1, 2]);
  });

  test("end before they weigh too much, and go on from there", async () => {
    const chat = await newSession(await newTeam());
    const content = "x".repeat(MAX_CONTENT_BYTES);
    for (let seq = 1; seq <= 40; seq++) await posted(await post(chat, chat.token, { content }));
    const first = await page(chat, "?after=0&limit=200");
    expect(first.messages.length).toBeLessThan(40);
    const rest = await page(chat, `?after=${first.nextAfter}&limit=200`);
    expect([...seqs(first), ...seqs(rest)]).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    const newest = await page(chat, "?limit=200");
    expect(newest.messages.at(-1)?.seq).toBe(40);
    expect(newest.nextBefore).toBe(newest.messages[0]?.seq);
  });

  test("take a query that makes sense", async () => {
    const chat = await newSession(await newTeam());
    for (const [query, path] of [
      ["?limit=0", "/limit"],
      ["?limit=201", "/limit"],
      ["?limit=ten", "/limit"],
      ["?after=-1", "/after"],
      ["?before=0", "/before"],
      ["?after=1&before=3", "/before"],
      ["?conversationId=", "/conversationId"],
      ["?offset=3", "/offset"],
    ]) {
      expect(await problemOf(await list(chat, query))).toMatchObject({
        code: "invalid_parameter",
        errors: [{ path }],
      });
    }
    expect(await problemOf(await list(chat, "?limit=1&limit=2"))).toMatchObject({
      code: "invalid_parameter",
    });
    expect(await refusal(await list(chat, "?conversationId=conv_none"))).toBe(
      "404 conversation_not_found",
    );
  });
});

describe("a message is refused", () => {
  test("when it is too large", async () => {
    const chat = await newSession(await newTeam());
    const tooLarge = [
      { content: "x".repeat(MAX_CONTENT_BYTES + 1) },
      { content: "ü".repeat(MAX_CONTENT_BYTES / 2 + 1) },
      { metadata: { a: "x".repeat(4096) } },
    ];
    for (const body of tooLarge) {
      expect(await refusal(await post(chat, chat.token, body))).toBe("413 message_too_large");
    }
    expect(await page(chat)).toEqual({ messages: [] });
  });

  test("when the session is full", async () => {
    const chat = await newSession(await newTeam({ limits: { bytesPerSession: 1_000 } }));
    const body = { content: "x".repeat(600) };
    expect((await post(chat, chat.token, body)).status).toBe(201);
    expect(await refusal(await post(chat, chat.token, body))).toBe("413 quota_exceeded");
    expect((await post(chat, chat.token, { content: "small" })).status).toBe(201);
  });

  test("for a conversation that is not there, or is another session's", async () => {
    const teamId = await newTeam();
    const [chat, other] = [await newSession(teamId), await newSession(teamId)];
    for (const conversationId of ["conv_none", other.session.defaultConversationId]) {
      expect(await refusal(await post(chat, chat.token, { conversationId }))).toBe(
        "404 conversation_not_found",
      );
    }
  });
});
