/** What was said goes to the bucket when its time has come, and is read there as it was read before. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { transcriptKey } from "../../src/bucket/keys.ts";
import type { Message } from "../../src/protocol/message.ts";
import type { ConversationList, MessagePage, SessionWithToken } from "../../src/protocol/rest.ts";
import type { TranscriptLine } from "../../src/protocol/transcript.ts";
import { alarmAt, runAlarms } from "../support/alarms.ts";
import { call, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { breakBucket, bucketText } from "../support/bucket.ts";
import { DAY_MS } from "../support/clock.ts";
import { RESIDENCIES, stepper } from "../support/eviction.ts";
import { objectTables } from "../support/object-storage.ts";
import { problemOf } from "../support/problem.ts";

const start = Date.UTC(2027, 3, 1);
const ARCHIVE_AFTER = 7 * DAY_MS;

let teamId: string;
let key: string;
let chat: SessionWithToken;
let restore: (() => void) | undefined;
let unique = 0;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
  for (const level of ["warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
  teamId = await newTeam();
  key = await newTeamKey(teamId);
  chat = await newSession(teamId);
});
afterEach(() => {
  restore?.();
  restore = undefined;
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const path = () => `/api/sessions/${chat.session.id}`;

async function say(content: string, bearer = chat.token, conversationId?: string) {
  const body = {
    clientId: `message-${++unique}`,
    content,
    ...(conversationId && { conversationId }),
  };
  const response = await call(`${path()}/messages`, { bearer, body });
  expect(response.status).toBe(201);
  return (await response.json<{ message: Message }>()).message;
}

const end = () => call(path(), { method: "DELETE", bearer: chat.token });

async function page(query: string, bearer = key): Promise<MessagePage> {
  const response = await call(`${path()}/messages?${query}`, { bearer });
  expect(response.status).toBe(200);
  return await response.json();
}

const archive = () => runAlarms(chat.session.id, start + ARCHIVE_AFTER);

async function transcript(): Promise<TranscriptLine[]> {
  const stored = await env.BUCKET.get(transcriptKey(chat.session.id));
  const clear = stored?.body.pipeThrough(new DecompressionStream("gzip"));
  const text = await new Response(clear).text();
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe.each(RESIDENCIES)("an object that %s", (residency) => {
  const step = stepper(residency);

  test("is archived after the team's days, and read as before", async () => {
    const opened = await call(`${path()}/conversations`, { bearer: chat.token, body: {} });
    const { conversation } = await opened.json<{ conversation: { id: string } }>();
    for (let index = 0; index < 12; index++) {
      await say(`visitor ${index}`, chat.token, index % 3 === 0 ? conversation.id : undefined);
      await say(`bot ${index}`, key);
    }
    await end();
    await step(chat.session.id);
    const queries = [
      "after=0",
      "after=0&limit=5",
      "after=7&limit=5",
      "limit=5",
      "before=9&limit=4",
      "before=3",
      "after=24",
      `after=0&limit=2&conversationId=${conversation.id}`,
      `limit=2&conversationId=${conversation.id}`,
    ];
    const before = await Promise.all(queries.map((query) => page(query)));
    const conversations = async (bearer = key) =>
      await (await call(`${path()}/conversations`, { bearer })).json<ConversationList>();
    const threads = await conversations();
    await runAlarms(chat.session.id, start + ARCHIVE_AFTER - 1);
    expect(await bucketText(transcriptKey(chat.session.id))).toBe("");
    expect((await page("after=0", chat.token)).messages).toHaveLength(24);

    await archive();
    await step(chat.session.id);

    expect(await objectTables(chat.session.id, () => true)).not.toContain("visitor 3");
    expect(await Promise.all(queries.map((query) => page(query)))).toEqual(before);
    expect(await conversations()).toEqual(threads);
    const mine = await call(`${path()}/messages`, { bearer: chat.token });
    expect((await problemOf(mine)).code).toBe("session_terminated");
    const [header, ...rest] = await transcript();
    expect(header).toMatchObject({
      type: "transcript",
      version: 1,
      session: { id: chat.session.id, status: "terminated", lastSeq: 24 },
    });
    expect(rest.at(-1)).toEqual({ type: "end", messages: 24 });
    const said = rest.flatMap((line) => (line.type === "message" ? [line.message] : []));
    expect(said).toEqual(before[0]?.messages);
    const row = await env.INDEX_DB.prepare("SELECT archived_at FROM sessions WHERE id = ?")
      .bind(chat.session.id)
      .first();
    expect(row).toEqual({ archived_at: start + ARCHIVE_AFTER });
    const { session } = await (await call(path(), { bearer: key })).json<{
      session: { lastSeq: number };
    }>();
    expect(session.lastSeq).toBe(24);
  });

  test("is gone after the days it is kept", async () => {
    await say("Hello");
    await end();
    await step(chat.session.id);
    await runAlarms(chat.session.id, start + 180 * DAY_MS - 1);
    expect((await page("after=0")).messages).toHaveLength(1);
    await step(chat.session.id);
    await runAlarms(chat.session.id, start + 180 * DAY_MS);
    await step(chat.session.id);
    expect(await bucketText(transcriptKey(chat.session.id))).toBe("");
    expect(await alarmAt(chat.session.id)).toBeNull();
    expect((await problemOf(await call(path(), { bearer: key }))).code).toBe("session_not_found");
    expect(await objectTables(chat.session.id, () => true)).toBe(`purged\n${start + 180 * DAY_MS}`);
  });
});

test("a message that is archived can be taken back", async () => {
  await say("before");
  const message = await say("my card is 4111-1111");
  await say("after");
  await end();
  await archive();
  const redact = () => call(`${path()}/messages/${message.id}`, { method: "DELETE", bearer: key });
  restore = breakBucket();
  expect((await redact()).status).toBe(503);
  restore();
  expect(await bucketText(transcriptKey(chat.session.id))).toContain("4111-1111");
  expect((await redact()).status).toBe(204);
  expect((await redact()).status).toBe(204);
  expect(await bucketText(transcriptKey(chat.session.id))).not.toContain("4111-1111");
  const { messages } = await page("after=0");
  expect(messages.map(({ content, redacted }) => [content, redacted])).toEqual([
    ["before", undefined],
    ["", true],
    ["after", undefined],
  ]);
});
