/**
 * Whatever fails on a session's way into the archive and out of the world, and whenever its object dies: nothing is lost
 * before its time, and nothing stays after.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Reconciled } from "../../objects/calls.ts";
import { fileKey, transcriptKey } from "../../src/bucket/keys.ts";
import { sessionStub } from "../../src/operations/session-access.ts";
import type { MessagePage, SessionWithToken } from "../../src/protocol/rest.ts";
import { sessionsDatabase } from "../../src/session-index/databases.ts";
import { projectSession } from "../../src/session-index/write.ts";
import { conversation, session } from "../session-index/records.ts";
import { alarmAt, runAlarms } from "../support/alarms.ts";
import { call, newSession, things } from "../support/api.ts";
import { breakBucket, bucketText, watchBucket } from "../support/bucket.ts";
import { beginAt, DAY_MS, HOUR_MS, MINUTE_MS } from "../support/clock.ts";
import { evict } from "../support/eviction.ts";
import { breakIndex, breakIndexCalls } from "../support/index-database.ts";
import { killObject, objectOf } from "../support/object-of.ts";
import { indexAnswered, tablesOf } from "../support/object-storage.ts";
import { refusal } from "../support/problem.ts";
import { newHearingTeam } from "../support/receiver.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";

const start = Date.UTC(2027, 6, 1);
const ARCHIVE_AT = start + 7 * DAY_MS;
const PURGE_AT = start + 180 * DAY_MS;
const WORDS = ["one", "two", "three"];

let teamId: string;
let teamKey: string;
let chat: SessionWithToken;
let restore: (() => void) | undefined;

beforeEach(async () => {
  beginAt(start);
  const hearing = await newHearingTeam();
  ({ teamId, teamKey } = hearing);
  chat = await newSession(teamId);
  for (const word of WORDS) await things.message(chat, word);
  await call(path(), { method: "DELETE", bearer: chat.token });
  await hearing.receiver.untilEvent(({ type }) => type === "session.ended");
  await indexAnswered(chat.session.id);
});
afterEach(() => {
  restore?.();
  restore = undefined;
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const path = () => `/api/sessions/${chat.session.id}`;
const reconcile = (): Promise<Reconciled> =>
  sessionStub(env, chat.session.id).reconcile({ indexVersion: undefined });

async function said(): Promise<string[]> {
  const response = await call(`${path()}/messages?after=0`, { bearer: teamKey });
  expect(response.status).toBe(200);
  return (await response.json<MessagePage>()).messages.map(({ content }) => content);
}

async function isArchived(): Promise<boolean> {
  const row = await env.INDEX_DB.prepare("SELECT archived_at FROM sessions WHERE id = ?")
    .bind(chat.session.id)
    .first<{ archived_at: number | null }>();
  return typeof row?.archived_at === "number";
}

async function traces(): Promise<string[]> {
  const tables = ["sessions", "conversations", "files", "webhook_failures"];
  const rows = await env.INDEX_DB.batch(
    tables.map((table) =>
      env.INDEX_DB.prepare(
        `SELECT '${table}' AS place FROM ${table} WHERE ${table === "sessions" ? "id" : "session_id"} = ?`,
      ).bind(chat.session.id),
    ),
  );
  const inBucket = (await bucketText()).includes(chat.session.id) ? ["bucket"] : [];
  const object = await tablesOf(objectOf(chat.session.id), () => true);
  return [
    ...rows.flatMap(({ results }) => results.map((row) => (row as { place: string }).place)),
    ...inBucket,
    ...(object.startsWith("purged\n") ? [] : ["object"]),
  ];
}

async function events(type: string): Promise<number> {
  const row = await env.INDEX_DB.prepare(
    "SELECT count(*) AS count FROM audit_events WHERE session_id = ? AND type = ?",
  )
    .bind(chat.session.id, type)
    .first<{ count: number }>();
  return row?.count ?? 0;
}

test("a purge that has begun goes on, though the team would keep it longer by now", async () => {
  await runAlarms(chat.session.id, ARCHIVE_AT + MINUTE_MS);
  // After the team's policy was read: what is in the bucket goes, what is in the index stays.
  ({ restore } = breakIndexCalls((index) => index > 0));
  await runAlarms(chat.session.id, PURGE_AT + 1);
  restore();
  expect(await traces()).toEqual(["sessions", "conversations", "object"]);
  const keepLonger = { method: "PATCH", bearer: TEST_ADMIN_TOKEN, body: { retentionDays: 3650 } };
  expect((await call(`/api/admin/teams/${teamId}`, keepLonger)).status).toBe(200);
  expect(await refusal(await call(path(), { bearer: teamKey }))).toBe("404 session_not_found");
  await evict(chat.session.id);
  expect(await refusal(await call(path(), { bearer: teamKey }))).toBe("404 session_not_found");
  await runAlarms(chat.session.id, PURGE_AT + 2 * HOUR_MS);
  expect(await traces()).toEqual([]);
  expect(await events("session.purged")).toBe(1);
});

/** The calls to the bucket that archiving or purging makes. */
const CALLS = [0, 1, 2, 3];

describe.each(CALLS)("call %i to the bucket fails", (failing) => {
  test("on the way into the archive: it is tried again, and what was said is there throughout", async () => {
    restore = breakBucket((index) => index === failing);
    await runAlarms(chat.session.id, ARCHIVE_AT + MINUTE_MS);
    restore();
    expect(await said()).toEqual(WORDS);
    expect(await isArchived()).toBe(true);
    expect(await events("session.archived")).toBe(1);
  });

  test("on the way out: it opens to nobody, and is gone a little later", async () => {
    await runAlarms(chat.session.id, ARCHIVE_AT);
    await env.BUCKET.put(fileKey(chat.session.id, "file_1"), "bytes");
    restore = breakBucket((index) => index === failing);
    await runAlarms(chat.session.id, PURGE_AT);
    expect(await refusal(await call(path(), { bearer: teamKey }))).toBe("404 session_not_found");
    await runAlarms(chat.session.id, PURGE_AT + MINUTE_MS);
    expect(await traces()).toEqual([]);
    expect(await events("session.purged")).toBe(1);
  });

  test("the object dies in it instead: the next who comes goes on", async () => {
    let calls = 0;
    const dies = () =>
      watchBucket(async () => {
        if (calls++ === failing) await killObject(chat.session.id);
      });
    restore = dies();
    vi.setSystemTime(ARCHIVE_AT);
    await reconcile().catch(() => undefined);
    restore();
    expect(await said()).toEqual(WORDS);
    await reconcile();
    expect(await said()).toEqual(WORDS);
    expect(await isArchived()).toBe(true);
    calls = 0;
    restore = dies();
    vi.setSystemTime(PURGE_AT);
    await reconcile().catch(() => undefined);
    restore();
    await reconcile();
    expect(await traces()).toEqual([]);
    expect(await events("session.purged")).toBe(1);
  });
});

test("what lies in the bucket is looked at before what was said is let go", async () => {
  const gzip = new Blob(['{"type":"transcript"}\n'])
    .stream()
    .pipeThrough(new CompressionStream("gzip"));
  const other = await new Response(gzip).arrayBuffer();
  restore = watchBucket(async (method) => {
    // What was put there is not what is there when it is read: a good transcript, but another.
    if (method === "get") await env.BUCKET.put(transcriptKey(chat.session.id), other);
  });
  vi.setSystemTime(ARCHIVE_AT);
  expect((await reconcile()).archivedConversations).toBe(0);
  restore();
  expect(await said()).toEqual(WORDS);
  expect((await reconcile()).archivedConversations).toBe(1);
  expect(await said()).toEqual(WORDS);
});

test("a message that is taken back while it is archived is in no transcript", async () => {
  const { messages } = await (
    await call(`${path()}/messages?after=0`, { bearer: teamKey })
  ).json<MessagePage>();
  let isDone = false;
  restore = watchBucket(async (method) => {
    if (isDone || method !== "get") return;
    isDone = true;
    const redacted = await call(`${path()}/messages/${messages[1]?.id}`, {
      method: "DELETE",
      bearer: teamKey,
    });
    expect(redacted.status).toBe(204);
  });
  await runAlarms(chat.session.id, ARCHIVE_AT);
  expect(await isArchived()).toBe(true);
  expect(await said()).toEqual(["one", "", "three"]);
  expect(await bucketText(transcriptKey(chat.session.id))).not.toContain('"two"');
});

test("with the index down nothing is archived or purged on an old word, and it goes on after", async () => {
  restore = breakIndex();
  await runAlarms(chat.session.id, ARCHIVE_AT + HOUR_MS);
  expect(await bucketText(transcriptKey(chat.session.id))).toBe("");
  restore();
  await runAlarms(chat.session.id, ARCHIVE_AT + 3 * HOUR_MS);
  expect(await isArchived()).toBe(true);
  restore = breakIndex();
  await runAlarms(chat.session.id, PURGE_AT + HOUR_MS);
  restore();
  await runAlarms(chat.session.id, PURGE_AT + 3 * HOUR_MS);
  expect(await traces()).toEqual([]);
});

test("an index write that comes after the purge writes nothing, and nothing is counted twice", async () => {
  const id = chat.session.id;
  const { results } = await env.INDEX_DB.prepare("SELECT * FROM sessions WHERE id = ?")
    .bind(id)
    .all();
  expect(results).toHaveLength(1);
  const { number } = (await env.INDEX_DB.prepare("SELECT number FROM teams WHERE id = ?")
    .bind(teamId)
    .first<{ number: number }>()) ?? { number: 0 };
  await runAlarms(id, PURGE_AT);
  const record = { ...session(id, { teamId, teamNumber: number }), version: 99 };
  const event = { id: "late", teamId, sessionId: id, type: "session.created", at: start } as const;
  const database = sessionsDatabase(env, number);
  const late = await projectSession(
    database,
    { ...record, id },
    [conversation()],
    [{ ...event, actor: { kind: "system" }, details: null }],
  );
  expect(late).toEqual({ ok: true });
  expect(await traces()).toEqual([]);
  const told = await env.INDEX_DB.prepare("SELECT 1 FROM audit_events WHERE id = 'late'").all();
  expect(told.results).toEqual([]);
  const counters = await env.INDEX_DB.prepare("SELECT * FROM team_counters WHERE team_id = ?")
    .bind(teamId)
    .first();
  expect(counters).toMatchObject({ total: 0, purged_total: 1, purged_terminated: 1 });
});

test("what the index never heard of is counted as what it was", async () => {
  const waiting = await newSession(teamId);
  await things.message(waiting, "unheard of");
  await indexAnswered(waiting.session.id);
  restore = breakIndex();
  chat = waiting;
  await call(path(), { method: "DELETE", bearer: chat.token });
  vi.setSystemTime(PURGE_AT);
  await evict(chat.session.id);
  restore();
  await runAlarms(chat.session.id, PURGE_AT + MINUTE_MS);
  expect(await traces()).toEqual([]);
  expect(await events("session.terminated")).toBe(1);
  const counters = await env.INDEX_DB.prepare("SELECT * FROM team_counters WHERE team_id = ?")
    .bind(teamId)
    .first();
  expect(counters).toMatchObject({ purged_total: 1, purged_terminated: 1, purged_erased: 0 });
});

test("while a webhook has yet to hear of it, what was said stays; not for ever", async () => {
  const hearing = await newHearingTeam();
  ({ teamId, teamKey } = hearing);
  await hearing.receiver.answer({ always: { status: 500 } });
  chat = await newSession(teamId);
  await things.message(chat, "unheard");
  await call(`/api/admin/teams/${teamId}`, {
    method: "PATCH",
    bearer: TEST_ADMIN_TOKEN,
    body: { archiveAfterDays: 1 },
  });
  await call(path(), { method: "DELETE", bearer: chat.token });
  await runAlarms(chat.session.id, start + 2 * DAY_MS);
  expect(await isArchived()).toBe(false);
  await hearing.receiver.answer({ always: { status: 200 } });
  await runAlarms(chat.session.id, start + 4 * DAY_MS);
  expect(await isArchived()).toBe(true);
  const contents = (await hearing.receiver.events()).map(({ data }) =>
    "message" in data ? data.message.content : undefined,
  );
  expect(contents).toContain("unheard");
});

test("a session in which nothing was said is gone ten minutes after its end, and counted", async () => {
  chat = await newSession(teamId);
  await call(path(), { method: "DELETE", bearer: chat.token });
  expect((await call(path(), { method: "DELETE", bearer: chat.token })).status).toBe(204);
  await indexAnswered(chat.session.id);
  await runAlarms(chat.session.id, start + 11 * MINUTE_MS);
  expect(await traces()).toEqual([]);
  expect(await alarmAt(chat.session.id)).toBeNull();
  await evict(chat.session.id);
  await runInDurableObject(objectOf(chat.session.id), (object) => object.alarm?.());
  expect(await alarmAt(chat.session.id)).toBeNull();
  expect(await reconcile()).toMatchObject({ exists: false, purged: false });
});
