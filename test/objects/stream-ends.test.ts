// Every way in which an answer can end but its own: whatever was stored of it or shown becomes one message, marked.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Call } from "../../objects/calls.ts";
import type { SessionObject } from "../../objects/session.ts";
import {
  MAX_CONTENT_BYTES,
  MAX_METADATA_BYTES,
  MAX_STREAMS_PER_SESSION,
  STREAM_SILENCE_MS,
} from "../../src/protocol/limits.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { alarmAt } from "../support/alarms.ts";
import { call, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { DAY_MS, moveClock } from "../support/clock.ts";
import { abort, RESIDENCIES, stepper } from "../support/eviction.ts";
import { objectOf } from "../support/object-of.ts";
import { TestSocket } from "../support/socket.ts";
import {
  BoundStream,
  bound,
  CalledMessage,
  codeOf,
  good,
  messagesOf,
  newBoundTeam,
  StreamedRequest,
  shownOn,
} from "../support/streaming.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";

let teamId: string;

beforeAll(async () => {
  teamId = await newBoundTeam();
});
afterEach(() => {
  vi.useRealTimers();
});

async function reader({ session, ticket }: SessionWithToken): Promise<TestSocket> {
  const socket = await TestSocket.open(session, ticket);
  await socket.first("synced");
  return socket;
}

/** A body's answer of which a reader has seen this much. */
async function shownOfBody(chat: SessionWithToken, tab: TestSocket, text: string) {
  const producer = new BoundStream(chat);
  await producer.write(text);
  const { messageId } = await tab.first("delta");
  await tab.until(() => shownOn(tab, messageId) === text);
  return { producer, messageId };
}

const INCOMPLETE = { metadata: { incomplete: true } };

const rowsOf = (chat: SessionWithToken) =>
  runInDurableObject(objectOf(chat.session.id), (_, { storage }) =>
    storage.sql.exec("SELECT * FROM streams WHERE heard_at > 0").toArray(),
  );

describe("when the object dies", () => {
  test("a body's answer is stored as far as it was, at the first event after", async () => {
    const chat = await newSession(teamId);
    const tab = await reader(chat);
    const { producer, messageId } = await shownOfBody(chat, tab, "said long ago ");
    await scheduler.wait(1_100);
    await producer.write("said now");
    await tab.until(() => shownOn(tab, messageId) === "said long ago said now");
    await abort(chat.session.id);
    expect(await codeOf(producer.result)).toBe("unavailable");
    const again = await reader(chat);
    await again.until(() => again.messages.length === 1);
    const [message] = again.messages;
    expect(message).toMatchObject({ id: messageId, content: "said long ago ", ...INCOMPLETE });
    expect(again.all("delta")).toEqual([]);
    expect(await messagesOf(chat)).toEqual([message]);
    expect(await rowsOf(chat)).toEqual([]);
  });

  test("the same producer, coming again, gets what there was", async () => {
    const chat = await newSession(teamId);
    const first = new BoundStream(chat, { clientId: "answer" });
    await first.write("said ");
    await scheduler.wait(1_100);
    await abort(chat.session.id);
    await first.result;
    const second = new BoundStream(chat, { clientId: "answer" });
    expect(await second.result).toMatchObject({
      ok: true,
      isNew: false,
      message: { content: "said ", ...INCOMPLETE },
    });
  });

  test("a body's answer of which nothing was stored is discarded", async () => {
    const chat = await newSession(teamId);
    const tab = await reader(chat);
    const { producer } = await shownOfBody(chat, tab, "said now");
    await abort(chat.session.id);
    await producer.result;
    const again = await reader(chat);
    expect(again.all("delta")).toEqual([]);
    expect(await messagesOf(chat)).toEqual([]);
    expect(await rowsOf(chat)).toEqual([]);
  });

  test("an answer by calls goes on, for a reader who comes too", async () => {
    const chat = await newSession(teamId);
    const answer = await CalledMessage.start(chat);
    await answer.append("said ");
    await scheduler.wait(1_100);
    await abort(chat.session.id);
    const tab = await reader(chat);
    await tab.until(() => shownOn(tab, answer.messageId) === "said ");
    await answer.append("and goes on");
    const { message } = await good(answer.finish());
    expect(message).toMatchObject({ content: "said and goes on" });
    expect(message.metadata).toBeUndefined();
  });

  test("nobody need come: the alarm ends what nobody writes any more", async () => {
    const chat = await newSession(teamId);
    const producer = new BoundStream(chat);
    await producer.write("said ");
    await scheduler.wait(1_100);
    await abort(chat.session.id);
    await producer.result;
    expect(await alarmAt(chat.session.id)).toBeLessThanOrEqual(Date.now() + STREAM_SILENCE_MS);
    await runDurableObjectAlarm(objectOf(chat.session.id));
    expect(await messagesOf(chat)).toMatchObject([{ content: "said ", ...INCOMPLETE }]);
  });
});

describe.each(RESIDENCIES)("a producer that says nothing, to an object that %s", (residency) => {
  const step = stepper(residency);

  test("has broken off after five minutes, and not before", async () => {
    const chat = await newSession(teamId);
    const answer = await CalledMessage.start(chat);
    await answer.append("said ");
    await scheduler.wait(1_100);
    await step(chat.session.id);
    moveClock(STREAM_SILENCE_MS - 2_000);
    await runDurableObjectAlarm(objectOf(chat.session.id));
    expect(await messagesOf(chat)).toEqual([]);
    // A sign of life is one without text, too.
    await good(answer.appendAt(5, ""));
    await scheduler.wait(1_100);
    await step(chat.session.id);
    moveClock(STREAM_SILENCE_MS - 2_000);
    await runDurableObjectAlarm(objectOf(chat.session.id));
    expect(await messagesOf(chat)).toEqual([]);
    await step(chat.session.id);
    moveClock(2_000);
    await runDurableObjectAlarm(objectOf(chat.session.id));
    expect(await messagesOf(chat)).toMatchObject([{ content: "said ", ...INCOMPLETE }]);
    expect(await codeOf(answer.appendAt(5, "more"))).toBe("stream_ended");
  });
});

test("a body that says nothing has broken off, too, and its request is answered", async () => {
  const chat = await newSession(teamId);
  const tab = await reader(chat);
  const { producer } = await shownOfBody(chat, tab, "said ");
  moveClock(STREAM_SILENCE_MS + 1_000);
  await runDurableObjectAlarm(objectOf(chat.session.id));
  expect(await producer.result).toMatchObject({ message: { content: "said ", ...INCOMPLETE } });
});

describe("when the session ends", () => {
  test.each(["terminated", "expired"] as const)("%s, all that was said is in it", async (how) => {
    const chat = await newSession(teamId);
    const tab = await reader(chat);
    const answer = await CalledMessage.start(chat);
    await answer.append("by calls");
    await CalledMessage.start(chat);
    const producer = new BoundStream(chat);
    await producer.write("by a body");
    await tab.until(() => tab.all("delta").some(({ text }) => text === "by a body"));
    const path = `/api/sessions/${chat.session.id}`;
    if (how === "terminated") {
      expect((await call(path, { method: "DELETE", bearer: chat.token })).status).toBe(204);
    } else {
      moveClock(180 * DAY_MS);
      const validated = await call(`${path}/validate`, { bearer: chat.token });
      expect(await validated.json()).toMatchObject({ isValid: false, reason: "expired" });
    }
    expect(await tab.closed()).toBe(4410);
    const contents = tab.messages.map(({ content, metadata }) => ({ content, metadata }));
    expect(contents).toEqual([
      { content: "by calls", ...INCOMPLETE },
      { content: "by a body", ...INCOMPLETE },
    ]);
    expect(tab.all("discarded").length).toBe(1);
    expect(tab.frames.at(-1)?.type).toBe("session");
    expect(await messagesOf(chat)).toEqual(tab.messages);
    expect(await producer.result).toMatchObject({ message: { content: "by a body" } });
    expect(await codeOf(answer.appendAt(8, "more"))).toBe(`session_${how}`);
    expect(await codeOf(bound("startMessage", chat.session.id, { clientId: "late" }))).toBe(
      `session_${how}`,
    );
  });

  test("with its team disabled, all that was said is in it", async () => {
    const disabledTeam = await newTeam();
    const chat = await newSession(disabledTeam);
    const key = await newTeamKey(disabledTeam, ["messages:write"]);
    const tab = await reader(chat);
    const request = new StreamedRequest(chat.session.id, key);
    await request.write("said ");
    await tab.until(() => tab.all("delta").some(({ text }) => text !== ""));
    const stub = objectOf(chat.session.id) as unknown as {
      lastKnownTeam(): Promise<{ revision: number; policy: object }>;
      teamChanged(team: object): Promise<void>;
    };
    const body = { disabled: true };
    await call(`/api/admin/teams/${disabledTeam}`, {
      method: "PATCH",
      bearer: TEST_ADMIN_TOKEN,
      body,
    });
    const team = await stub.lastKnownTeam();
    await stub.teamChanged({
      ...team,
      revision: team.revision + 1,
      policy: { ...team.policy, disabled: true },
    });
    expect(await tab.closed()).toBe(4403);
    expect(tab.messages).toMatchObject([{ content: "said ", ...INCOMPLETE }]);
    expect((await request.response).status).toBe(201);
  });
});

describe("a text that is too large", () => {
  test.each(["body", "calls"] as const)("by %s is stored as far as it fits", async (source) => {
    const chat = await newSession(teamId);
    const text = "😀".repeat(MAX_CONTENT_BYTES / 4 + 1);
    if (source === "body") {
      const producer = new BoundStream(chat);
      // Nobody takes the rest.
      await producer.write(text).catch(() => undefined);
      expect(await codeOf(producer.result)).toBe("message_too_large");
    } else {
      const answer = await CalledMessage.start(chat);
      await answer.append(text.slice(0, 1_001));
      expect(await codeOf(answer.appendAt(1_001, text.slice(1_001)))).toBe("message_too_large");
      expect(await codeOf(answer.appendAt(1_001, text.slice(1_001)))).toBe("stream_ended");
    }
    const [message, ...others] = await messagesOf(chat);
    expect(message).toMatchObject({ content: text.slice(0, -2), ...INCOMPLETE });
    expect(others).toEqual([]);
  });

  test("is not stored at all where the session is full", async () => {
    const full = await newTeam({ limits: { bytesPerSession: 2_000 } });
    const chat = await newSession(full);
    const key = await newTeamKey(full, ["messages:write"]);
    const tab = await reader(chat);
    const request = new StreamedRequest(chat.session.id, key);
    await request.write("x".repeat(2_000));
    await request.end();
    expect(await (await request.response).json()).toMatchObject({ code: "quota_exceeded" });
    await tab.first("discarded");
    expect(await messagesOf(chat)).toEqual([]);
  });
});

describe("what may not begin", () => {
  test("an answer that is being written", async () => {
    const chat = await newSession(teamId);
    const start = (clientId: string) => bound("startMessage", chat.session.id, { clientId });
    const body = new BoundStream(chat, { clientId: "body" });
    await body.write("x");
    await good(start("calls"));
    expect(await codeOf(start("body"))).toBe("stream_in_progress");
    expect(await codeOf(new BoundStream(chat, { clientId: "body" }).result)).toBe(
      "stream_in_progress",
    );
    expect(await codeOf(new BoundStream(chat, { clientId: "calls" }).result)).toBe(
      "stream_in_progress",
    );
    await body.end();
    expect(await codeOf(body.result)).toBe("ok");
  });

  test("more than twenty, until one has ended", async () => {
    const chat = await newSession(teamId);
    const answers: CalledMessage[] = [];
    for (let count = 0; count < MAX_STREAMS_PER_SESSION; count++) {
      answers.push(await CalledMessage.start(chat));
    }
    const another = () => bound("startMessage", chat.session.id, { clientId: "another" });
    expect(await another()).toMatchObject({ code: "too_many_streams", retryAfterSeconds: 5 });
    await answers[0]?.finish();
    expect(await codeOf(another())).toBe("ok");
  });

  test("in a conversation that is not there, or with metadata that would not fit", async () => {
    const chat = await newSession(teamId);
    const start = (fields: object) =>
      codeOf(bound("startMessage", chat.session.id, { clientId: "answer", ...fields }));
    expect(await start({ conversationId: "conv_none" })).toBe("conversation_not_found");
    const metadata = { m: "x".repeat(MAX_METADATA_BYTES - 8) };
    expect(await start({ metadata })).toBe("message_too_large");
    const answer = await CalledMessage.start(chat, { metadata: { a: 1 } });
    await answer.append("Hello");
    expect(await codeOf(answer.finish({ metadata }))).toBe("message_too_large");
    // It goes on.
    expect(await good(answer.finish())).toMatchObject({ message: { metadata: { a: 1 } } });
  });
});

test("however long names and metadata are, the longest text is stored", async () => {
  const chat = await newSession(teamId);
  const answer = await CalledMessage.start(chat, {
    clientId: "c".repeat(64),
    metadata: { m: "x".repeat(MAX_METADATA_BYTES - 48) },
    author: {
      id: "\u0001".repeat(128),
      name: "\u0001".repeat(128),
      avatarUrl: `https://a.example/${"\u0001".repeat(1_000)}`,
    },
  });
  const text = "\u0001".repeat(20_000);
  expect(await codeOf(answer.appendAt(0, text))).toBe("message_too_large");
  const [message] = await messagesOf(chat);
  expect(message).toMatchObject({ id: answer.messageId, ...INCOMPLETE });
  expect(message?.content.length).toBeGreaterThan(8_000);
});

describe("while nothing can be stored", () => {
  /** What is submitted while `act` runs finds the storage failing. */
  const failing = (
    chat: SessionWithToken,
    act: (object: SessionObject, ctx: DurableObjectState) => Promise<unknown>,
  ) =>
    runInDurableObject(objectOf(chat.session.id), async (object: SessionObject, ctx) => {
      const prototype = Object.getPrototypeOf(ctx.storage) as DurableObjectStorage;
      const { transactionSync } = prototype;
      Object.assign(prototype, {
        transactionSync: () => {
          throw new Error("disk full");
        },
      });
      try {
        await act(object, ctx);
      } finally {
        Object.assign(prototype, { transactionSync });
      }
    });

  test("an answer that a reader stops is not taken for a whole one afterwards", async () => {
    const chat = await newSession(teamId);
    const tab = await reader(chat);
    const { producer, messageId } = await shownOfBody(chat, tab, "said");
    const cancel = JSON.stringify({ type: "cancel", messageId });
    await failing(chat, async (object, ctx) => {
      for (const socket of ctx.getWebSockets()) await object.webSocketMessage(socket, cancel);
    });
    await producer.result;
    await tab.until(() => tab.messages.length > 0);
    expect(tab.messages).toMatchObject([{ content: "said", ...INCOMPLETE }]);
  });

  test("an answer that could not end is shown on", async () => {
    const chat = await newSession(teamId);
    const tab = await reader(chat);
    const answer = await CalledMessage.start(chat);
    const call: Call = {
      actor: { kind: "team", teamId, keyId: undefined },
      teamRevision: undefined,
      teamConfirmedAt: undefined,
    };
    const { messageId } = answer;
    const text = "said and not shown before it was to end";
    await failing(chat, async (object) => {
      await object.appendMessage(call, messageId, { offset: 0, text });
      expect(await object.finishMessage(call, messageId, undefined)).toMatchObject({
        code: "unavailable",
      });
    });
    await tab.until(() => shownOn(tab, messageId) === text);
    expect(await good(answer.finish())).toMatchObject({ message: { content: text } });
  });
});

test("a message that was posted under its clientId meanwhile takes its place", async () => {
  const chat = await newSession(teamId);
  const tab = await reader(chat);
  const producer = new BoundStream(chat, { clientId: "answer" });
  await producer.write("streamed");
  await good(bound("postMessage", chat.session.id, { clientId: "answer", content: "posted" }));
  await producer.end();
  expect(await producer.result).toMatchObject({ isNew: false, message: { content: "posted" } });
  await tab.first("discarded");
  expect(await rowsOf(chat)).toEqual([]);
});
