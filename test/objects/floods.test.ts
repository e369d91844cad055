/** What one credential may write and send in a minute, over whatever it does so, and whether or not the object was evicted. */
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FrameCounts } from "../../objects/peer.ts";
import { retryAfterMsOf } from "../../src/protocol/close-codes.ts";
import { FRAMES_PER_MESSAGE, MAX_SOCKETS_PER_CREDENTIAL } from "../../src/protocol/limits.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { MINUTE_MS } from "../support/clock.ts";
import { RESIDENCIES, stepper } from "../support/eviction.ts";
import { objectOf } from "../support/object-of.ts";
import { letIn } from "../support/sharing.ts";
import { TestSocket } from "../support/socket.ts";

const start = Date.UTC(2027, 2, 1);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
});
afterEach(() => {
  vi.useRealTimers();
});

let sent = 0;
const message = () => ({ clientId: `m-${++sent}`, content: "Hello" });

async function limitedChat(perMinute: number): Promise<SessionWithToken> {
  const limits = { messagesPerMinutePerCredential: perMinute };
  return await newSession(await newTeam({ limits }));
}

/** Does not acknowledge by itself: every frame that is sent counts. */
async function join({ session, ticket }: Omit<SessionWithToken, "token">): Promise<TestSocket> {
  const socket = await TestSocket.open(session, ticket, { acknowledges: false });
  await socket.first("synced");
  return socket;
}

/** Sends one frame of messages and waits until each was stored or refused. Returns how many were stored. */
async function say(socket: TestSocket, messages: readonly ReturnType<typeof message>[]) {
  const settled = () => [
    ...socket.messages.map(({ clientId }) => clientId),
    ...socket.all("error").map(({ clientId }) => clientId),
  ];
  const before = socket.messages.length;
  socket.send({ type: "send", messages });
  await socket.until(() => messages.every(({ clientId }) => settled().includes(clientId)));
  return socket.messages.length - before;
}

const post = ({ session, token }: SessionWithToken, body: object, bearer = token) =>
  call(`/api/sessions/${session.id}/messages`, { bearer, body });

describe.each(RESIDENCIES)("of an object that %s", (residency) => {
  const step = stepper(residency);

  test("a credential stores its messages of a minute, by socket and HTTP together", async () => {
    const chat = await limitedChat(4);
    const socket = await join(chat);
    expect(await say(socket, [message(), message()])).toBe(2);
    await step(chat.session.id);
    vi.setSystemTime(start + 20_000);
    expect((await post(chat, message())).status).toBe(201);
    await step(chat.session.id);
    expect(await say(socket, [message(), message(), message()])).toBe(1);
    const [first, second] = socket.all("error");
    expect(first).toEqual({
      type: "error",
      code: "rate_limited",
      clientId: expect.any(String),
      retryAfterMs: 40_000,
    });
    expect(second).toEqual({ ...first, clientId: expect.any(String) });
    await step(chat.session.id);
    const refused = await post(chat, message());
    expect([refused.status, refused.headers.get("Retry-After")]).toEqual([429, "40"]);

    vi.setSystemTime(start + MINUTE_MS - 1);
    await step(chat.session.id);
    expect((await post(chat, message())).status).toBe(429);
    vi.setSystemTime(start + MINUTE_MS);
    await step(chat.session.id);
    expect(await say(socket, [message(), message(), message()])).toBe(2);
    socket.close();
  });

  test("what was stored before is neither refused nor counted", async () => {
    const chat = await limitedChat(2);
    const [one, two] = [message(), message()];
    expect((await post(chat, one)).status).toBe(201);
    for (let time = 0; time < 3; time++) {
      await step(chat.session.id);
      expect((await post(chat, one)).status).toBe(200);
    }
    expect((await post(chat, two)).status).toBe(201);
    await step(chat.session.id);
    expect((await post(chat, message())).status).toBe(429);
    expect((await post(chat, two)).status).toBe(200);
  });

  test("frames of every type are counted, and a flood is cut off with a time", async () => {
    const chat = await limitedChat(1);
    const limit = FRAMES_PER_MESSAGE;
    const socket = await join(chat);
    const ups = [
      () => socket.send({ type: "typing", active: true }),
      () => socket.send({ type: "received", seq: 0 }),
      () =>
        socket.send({ type: "read", conversationId: chat.session.defaultConversationId, seq: 0 }),
    ];
    for (let frame = 0; frame < limit; frame++) {
      ups[frame % ups.length]?.();
      await counted(chat, frame + 1);
      await step(chat.session.id);
    }
    expect(socket.all("error")).toEqual([]);
    for (let frame = 0; frame < limit; frame++) {
      ups[frame % ups.length]?.();
      await socket.until(() => socket.all("error").length === frame + 1);
      await step(chat.session.id);
    }
    for (const error of socket.all("error")) {
      expect(error).toEqual({
        type: "error",
        code: "rate_limited",
        retryAfterMs: expect.any(Number),
      });
    }
    expect(socket.closeCode).toBeUndefined();
    socket.send({ type: "typing", active: true });
    expect(await socket.closed()).toBe(4429);
    const retryAfterMs = retryAfterMsOf(socket.closeReason ?? "") ?? 0;
    expect(socket.closeReason).toBe(`rate_limited retryAfterMs=${retryAfterMs}`);

    // Having waited, it can go on; while a client that comes back at once has not got a new minute.
    vi.setSystemTime(start + 1_000);
    const early = await join(chat);
    early.send({ type: "typing", active: true });
    expect(await early.closed()).toBe(4429);
    await step(chat.session.id);
    vi.setSystemTime(start + 1_000 + retryAfterMs);
    const later = await join({ ...chat, ticket: await freshTicket(chat) });
    expect(await say(later, [message()])).toBe(1);
    later.close();
  });

  test("a second socket has no minute of its own", async () => {
    const chat = await limitedChat(1);
    const [one, other] = [await join(chat), await join(chat)];
    for (let frame = 0; frame < FRAMES_PER_MESSAGE; frame++) {
      one.send({ type: "typing", active: true });
      await counted(chat, frame + 1);
    }
    await step(chat.session.id);
    // What the closing one counted, the other carries on.
    const present = () => other.all("presence").at(-1)?.presence.length;
    one.close();
    await other.until(() => present() === 1);
    await step(chat.session.id);
    other.send({ type: "typing", active: true });
    expect(await other.first("error")).toMatchObject({ code: "rate_limited" });
    other.close();
  });
});

test("each message of a send counts as a frame, refused and duplicate ones too", async () => {
  const chat = await limitedChat(1);
  const socket = await join(chat);
  const bad = { clientId: "bad", content: "" };
  const [one, two] = [message(), message()];
  // 1 frame + 4 messages, of which one is stored; and again, which is all of 10.
  socket.send({ type: "send", messages: [one, one, two, bad] });
  socket.send({ type: "send", messages: [one, one, two, bad] });
  await counted(chat, 10);
  await socket.until(() => socket.all("error").length === 4);
  expect(socket.all("error").filter(({ clientId }) => clientId === undefined)).toEqual([]);
  socket.send({ type: "received", seq: 1 });
  await socket.until(() => socket.all("error").length === 5);
  expect(socket.all("error").at(-1)).toMatchObject({ code: "rate_limited" });
  expect(socket.messages).toHaveLength(1);
  socket.close();
});

test("a send over the limit of frames does nothing at all", async () => {
  const chat = await limitedChat(1);
  const socket = await join(chat);
  for (let frame = 0; frame < FRAMES_PER_MESSAGE - 1; frame++) {
    socket.send({ type: "typing", active: true });
  }
  socket.send({ type: "send", messages: [message()] });
  const error = await socket.first("error");
  expect(error).toEqual({ type: "error", code: "rate_limited", retryAfterMs: expect.any(Number) });
  expect(socket.messages).toEqual([]);
  socket.close();
});

test("another credential, and the team, are not held back", async () => {
  const teamId = await newTeam({ limits: { messagesPerMinutePerCredential: 1 } });
  const headers = { "Idempotency-Key": "k".repeat(22) };
  const one = await newSession(teamId, { headers });
  const other = await newSession(teamId, { headers });
  expect(other.session.id).toBe(one.session.id);
  expect((await post(one, message())).status).toBe(201);
  expect((await post(one, message())).status).toBe(429);
  expect((await post(other, message())).status).toBe(201);
  const key = await newTeamKey(teamId, ["messages:write"]);
  for (let time = 0; time < 3; time++) expect((await post(one, message(), key)).status).toBe(201);
});

test("two parallel floods store no more than the limit", async () => {
  const chat = await limitedChat(10);
  const sockets = [await join(chat), await join(chat)];
  for (let frame = 0; frame < 20; frame++) {
    for (const socket of sockets) socket.send({ type: "send", messages: [message(), message()] });
  }
  const posted = await Promise.all(Array.from({ length: 20 }, () => post(chat, message())));
  expect(posted.every(({ status }) => status === 201 || status === 429)).toBe(true);
  const stored = await runInDurableObject(objectOf(chat.session.id), (_, { storage }) =>
    storage.sql.exec<{ count: number }>("SELECT count(*) AS count FROM messages").one(),
  );
  expect(stored.count).toBe(10);
  for (const socket of sockets) socket.close();
});

test("where the team lifts the limit, nothing is counted", async () => {
  const chat = await newSession(await newTeam());
  const socket = await join(chat);
  for (let round = 0; round < 15; round++) {
    expect(await say(socket, Array.from({ length: 100 }, message))).toBe(100);
  }
  socket.close();
});

describe("connections of one credential", () => {
  test("are bounded apart from the session's, and the refusal tells a time", async () => {
    const teamId = await newTeam({ limits: { socketsPerSession: MAX_SOCKETS_PER_CREDENTIAL + 1 } });
    const headers = { "Idempotency-Key": "k".repeat(22) };
    const one = await newSession(teamId, { headers });
    const other = await newSession(teamId, { headers });
    const sockets: TestSocket[] = [];
    for (let count = 0; count < MAX_SOCKETS_PER_CREDENTIAL; count++) sockets.push(await join(one));
    const refused = await TestSocket.open(one.session, one.ticket);
    expect(await refused.closed()).toBe(4429);
    expect(refused.closeReason).toBe("too_many_sockets retryAfterMs=30000");
    sockets.push(await join(other));
    const full = await TestSocket.open(other.session, other.ticket);
    expect(await full.closed()).toBe(4429);
    for (const socket of sockets) socket.close();
  });

  test("of guests leave room for the owner's, the newest of who has most first", async () => {
    const chat = await newSession(await newTeam({ limits: { socketsPerSession: 3 } }));
    const few = await letIn(chat.token, "writer");
    const many = await letIn(chat.token, "reader");
    const guests = [await join(few), await join(many), await join(many)];
    const owners = [await join(chat)];
    expect(await guests[2]?.closed()).toBe(4429);
    expect(guests[2]?.closeReason).toBe("too_many_sockets retryAfterMs=30000");
    expect(await (await TestSocket.open(many.session, many.ticket)).closed()).toBe(4429);
    expect([guests[0]?.closeCode, guests[1]?.closeCode]).toEqual([undefined, undefined]);
    owners.push(await join(chat), await join(chat));
    expect([await guests[0]?.closed(), await guests[1]?.closed()]).toEqual([4429, 4429]);
    expect(await (await TestSocket.open(chat.session, chat.ticket)).closed()).toBe(4429);
    for (const socket of owners) {
      expect(socket.closeCode).toBeUndefined();
      socket.close();
    }
  });

  test("are not where the team lifts the session's", async () => {
    const chat = await newSession(await newTeam({ limits: { socketsPerSession: null } }));
    const sockets: TestSocket[] = [];
    for (let count = 0; count <= MAX_SOCKETS_PER_CREDENTIAL; count++)
      sockets.push(await join(chat));
    for (const socket of sockets) socket.close();
  });
});

async function freshTicket({ session, token }: SessionWithToken): Promise<string> {
  const response = await call(`/api/sessions/${session.id}/validate`, { bearer: token });
  return (await response.json<{ ticket: string }>()).ticket;
}

/** Until the object has counted so many units of its only credential; in tests of a small limit, to the unit. */
async function counted({ session }: SessionWithToken, units: number): Promise<void> {
  const count = () =>
    runInDurableObject(objectOf(session.id), (_, ctx) => {
      const counts = ctx.getWebSockets().map((socket) => {
        const { frameCounts } = socket.deserializeAttachment() as { frameCounts?: FrameCounts };
        return frameCounts?.admitted.current ?? 0;
      });
      return Math.max(...counts);
    });
  while ((await count()) < units) await scheduler.wait(1);
  expect(await count()).toBe(units);
}
