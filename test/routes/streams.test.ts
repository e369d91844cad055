// The request that streams an answer: who may, what it takes, and how nobody appears as somebody else.
import { beforeAll, describe, expect, test } from "vitest";
import type { Message } from "../../src/protocol/message.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, things } from "../support/api.ts";
import { ticketFor } from "../support/credentials.ts";
import type { TeamThings } from "../support/named-things.ts";
import { problemOf, refusal } from "../support/problem.ts";
import { TestSocket } from "../support/socket.ts";
import { StreamedRequest, shownOn } from "../support/streaming.ts";

let team: TeamThings;
let chat: SessionWithToken;

beforeAll(async () => {
  team = await things.team(await newTeam());
  chat = await newSession(team.teamId);
});

interface Streamed {
  readonly query?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly body?: BodyInit;
  readonly bearer?: string;
}

function stream({ query, contentType, body, bearer = team.teamKey }: Streamed): Promise<Response> {
  const search = new URLSearchParams({ clientId: crypto.randomUUID(), ...query });
  return call(`/api/sessions/${chat.session.id}/messages/stream?${search}`, {
    bearer,
    method: "POST",
    body: body ?? "Hello",
    headers: { "Content-Type": contentType ?? "text/plain" },
  });
}

async function streamed(sent: Streamed): Promise<Message> {
  const response = await stream(sent);
  expect(response.status, await response.clone().text()).toBe(201);
  return (await response.json<{ message: Message }>()).message;
}

describe("what it takes", () => {
  test.each(["text/plain", "text/plain; charset=utf-8", 'TEXT/PLAIN;charset="UTF-8"'])(
    "text of type %s",
    async (contentType) => {
      expect(await streamed({ contentType, body: "Grüße 😀" })).toMatchObject({
        content: "Grüße 😀",
      });
    },
  );

  test.each(["application/json", "text/html", "text/plain; charset=latin1"])(
    "nothing of type %j",
    async (contentType) => {
      expect(await refusal(await stream({ contentType }))).toBe("415 unsupported_media_type");
    },
  );

  test("no text is no message", async () => {
    const search = new URLSearchParams({ clientId: crypto.randomUUID() });
    const path = `/api/sessions/${chat.session.id}/messages/stream?${search}`;
    const response = await call(path, { bearer: team.teamKey, method: "POST" });
    expect(await refusal(response)).toBe("409 stream_ended");
  });

  test("role, author and metadata, the last two as JSON", async () => {
    const author = { id: "bot-1", name: "Lamp bot", avatarUrl: "https://shop.example/b.png" };
    const query = {
      role: "system",
      author: JSON.stringify(author),
      metadata: JSON.stringify({ model: { name: "m" } }),
      conversationId: chat.session.defaultConversationId,
    };
    expect(await streamed({ query })).toMatchObject({
      role: "system",
      author,
      metadata: { model: { name: "m" } },
    });
    expect(await streamed({})).toMatchObject({ role: "assistant" });
  });

  test.each([
    { clientId: "" },
    { clientId: "with space" },
    { role: "admin" },
    { author: "Anna" },
    { author: '{"name":1}' },
    { author: '{"name":"a","name":"b"}' },
    { metadata: "[]" },
    { metadata: '{"__proto__":{}}' },
    { content: "Hello" },
  ])("not %j", async (query) => {
    const problem = await problemOf(await stream({ query: { ...query } as never }));
    expect(problem.code).toBe("invalid_parameter");
    expect(problem.errors?.length).toBeGreaterThan(0);
  });

  test("bytes that are no UTF-8 as U+FFFD, and letters that are cut in two as they were", async () => {
    const { readable, writable } = new IdentityTransformStream();
    const writer = writable.getWriter();
    const search = new URLSearchParams({ clientId: crypto.randomUUID() });
    const bytes = new TextEncoder().encode("a😀b");
    const sending = (async () => {
      for (const byte of [...bytes, 0xff, 0x63]) await writer.write(Uint8Array.of(byte));
      await writer.close();
    })();
    const { exports } = await import("cloudflare:workers");
    const response = await exports.default.fetch(
      `http://localhost/api/sessions/${chat.session.id}/messages/stream?${search}`,
      { method: "POST", headers: { Authorization: `Bearer ${team.teamKey}` }, body: readable },
    );
    await sending;
    expect(response.status).toBe(201);
    const { message } = await response.json<{ message: Message }>();
    expect(message.content).toBe("a😀b\ufffdc");
  });
});

describe("who writes", () => {
  test("a member of the staff does so under their own name, whatever they say", async () => {
    const bearer = await things.operatorToken(team, "anna");
    const query = { role: "assistant", author: JSON.stringify({ name: "Lamp bot" }) };
    const message = await streamed({ bearer, query });
    expect(message).toMatchObject({ role: "operator", author: { name: "Anna" } });
  });

  test("no visitor can, as whom ever", async () => {
    const before = await newSession(team.teamId);
    for (const bearer of [
      chat.token,
      await things.guest(chat, "writer"),
      await things.guest(chat, "reader"),
      before.token,
    ]) {
      const response = await stream({ bearer, query: { role: "user" } });
      expect(await refusal(response)).toMatch(/^(403 forbidden|401 invalid_credential)$/);
    }
  });
});

describe("who stops it", () => {
  test.each([
    { role: "reader", heard: "forbidden" },
    { role: "writer", heard: "stopped" },
    { role: "owner", heard: "stopped" },
  ] as const)("$role: $heard", async ({ role, heard }) => {
    const own = await newSession(team.teamId);
    const token = role === "owner" ? own.token : await things.guest(own, role);
    const tab = await TestSocket.open(own.session, await ticketFor(token));
    await tab.first("synced");
    const request = new StreamedRequest(own.session.id, team.teamKey);
    await request.write("We ship");
    const { messageId } = await tab.first("delta");
    await tab.until(() => shownOn(tab, messageId) === "We ship");
    tab.send({ type: "cancel", messageId });
    if (heard === "forbidden") {
      expect(await tab.first("error")).toMatchObject({ code: "forbidden" });
      await request.end();
      expect((await request.message()).metadata).toBeUndefined();
    } else {
      expect((await request.message()).metadata).toEqual({ incomplete: true, cancelled: true });
    }
  });
});
