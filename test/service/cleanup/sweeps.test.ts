/** What belongs to nothing goes, what is behind is written anew, and what has served its time is deleted. */

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fileKey, transcriptKey } from "../../../src/bucket/keys.ts";
import { cleanUp } from "../../../src/operations/cleanup/clean-up.ts";
import { auditRetentionDays } from "../../../src/operations/cleanup/outdated-rows.ts";
import { call, newSession, newTeam } from "../../support/api.ts";
import { DAY_MS, HOUR_MS } from "../../support/clock.ts";
import { evict } from "../../support/eviction.ts";
import { objectOf } from "../../support/object-of.ts";
import { countersOf, keysIn, rowsOfNone, statusOf, strayKeys } from "./mess.ts";

const now = Date.UTC(2027, 5, 1);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now });
  vi.spyOn(console, "info").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const sweep = (at = now) => cleanUp(env, undefined, at);

const countOf = async (query: string, ...values: unknown[]) =>
  (
    await env.INDEX_DB.prepare(`SELECT count(*) AS n FROM ${query}`)
      .bind(...values)
      .first<{ n: number }>()
  )?.n;

test("a row without an object goes, counted as purged, and comes back no more", async () => {
  const teamId = await newTeam();
  const { session } = await newSession(teamId);
  const [id = ""] = await rowsOfNone(teamId, 1, now + DAY_MS);
  expect(await sweep()).toMatchObject({ removedOrphans: 1, repairedRows: 0, more: false });
  expect(await statusOf(id)).toBeUndefined();
  expect(await statusOf(session.id)).toBe("active");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(id));
  const idHash = new Uint8Array(digest).toHex();
  expect(await countOf("purged WHERE id_hash = ? AND at = ?", idHash, now)).toBe(1);
  const [kept, counted] = await countersOf(teamId);
  expect(kept).toEqual(counted);
});

test("when most of a page was never there, the objects are missing: nothing goes", async () => {
  const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const teamId = await newTeam();
  const rows = await rowsOfNone(teamId, 60, now - DAY_MS);
  const keys = rows.slice(0, 3).flatMap((id) => [fileKey(id, "file"), transcriptKey(id)]);
  for (const key of keys) await env.BUCKET.put(key, "bytes");
  vi.useRealTimers();
  for (let run = 0; run < 4; run++) await sweep(Date.now() + 2 * HOUR_MS);
  expect(await countOf("sessions WHERE team_id = ?", teamId)).toBe(60);
  expect(await keysIn("")).toEqual(expect.arrayContaining(keys));
  expect(said.mock.calls.join()).toContain("objects_missing");
  await env.INDEX_DB.prepare("DELETE FROM sessions WHERE team_id = ?").bind(teamId).run();
  await env.BUCKET.delete(keys);
});

test("a row that is older than its object is written anew", async () => {
  const { session, token } = await newSession(await newTeam());
  await call(`/api/sessions/${session.id}`, { method: "DELETE", bearer: token });
  await env.INDEX_DB.prepare(
    "UPDATE sessions SET status = 'active', ended_at = NULL, end_reason = NULL, version = 1 WHERE id = ?",
  )
    .bind(session.id)
    .run();
  await env.INDEX_DB.prepare("DELETE FROM conversations WHERE session_id = ?")
    .bind(session.id)
    .run();
  expect(await sweep()).toMatchObject({ repairedRows: 1, expiredSessions: 0 });
  expect(await statusOf(session.id)).toBe("terminated");
  expect(await countOf("conversations WHERE session_id = ?", session.id)).toBe(1);
  expect(await sweep()).toMatchObject({ repairedRows: 0 });
});

test("a session that newer code has stored is none that is gone", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { session } = await newSession(await newTeam());
  const key = fileKey(session.id, "file");
  await env.BUCKET.put(key, "bytes");
  await runInDurableObject(objectOf(session.id), (_, { storage }) => {
    storage.sql.exec("UPDATE schema_version SET version = version + 1");
  });
  await evict(session.id);
  expect(await sweep()).toMatchObject({ removedOrphans: 0 });
  expect(await statusOf(session.id)).toBe("active");
  expect(await keysIn(key)).toEqual([key]);
});

test("sweeps go on where the last one stopped, round and round", async () => {
  const teamId = await newTeam();
  await Promise.all(Array.from({ length: 60 }, () => newSession(teamId)));
  const [id = ""] = await rowsOfNone(teamId, 1, now + DAY_MS);
  const all = (await countOf("sessions")) ?? 0;
  let removed = 0;
  for (let run = 0; run < Math.ceil(all / 50); run++) removed += (await sweep()).removedOrphans;
  expect(removed).toBe(1);
  expect(await statusOf(id)).toBeUndefined();
  const [again = ""] = await rowsOfNone(teamId, 1, now + DAY_MS);
  for (let run = 0; run <= Math.ceil(all / 50); run++) await sweep();
  expect(await statusOf(again)).toBeUndefined();
});

test("keys that are nobody's go, others stay, and so does what may be on its way", async () => {
  const { session } = await newSession(await newTeam());
  const stray = await strayKeys(session.id);
  const own = [fileKey(session.id, "known"), transcriptKey(session.id)];
  for (const key of own) await env.BUCKET.put(key, "bytes");
  await runInDurableObject(objectOf(session.id), (_, { storage }) => {
    const columns = storage.sql
      .exec<{ name: string; type: string }>("SELECT name, type FROM pragma_table_info('files')")
      .toArray();
    const values = columns.map(({ name, type }) => {
      if (name === "id") return "known";
      if (name === "side") return "visitor";
      if (name === "state") return "stored";
      if (name === "due_at") return null;
      return type === "INTEGER" ? 1 : "x";
    });
    storage.sql.exec(
      `INSERT INTO files (${columns.map(({ name }) => name).join()}) VALUES (${values.map(() => "?").join()})`,
      ...values,
    );
  });
  // By the bucket's own clock.
  vi.useRealTimers();
  await sweep(Date.now());
  expect(await keysIn("")).toEqual(expect.arrayContaining([...stray, ...own]));
  const done = await sweep(Date.now() + 2 * HOUR_MS);
  expect(done.removedOrphans).toBeGreaterThanOrEqual(stray.length);
  const left = await keysIn("");
  expect(left).toEqual(expect.arrayContaining(own));
  for (const key of stray) expect(left).not.toContain(key);
  // What was put here for a transcript is none, and no reader of the bucket is to take it for one.
  await env.BUCKET.delete(own);
});

test("rows that hang on no session go", async () => {
  const teamId = await newTeam();
  const { session } = await newSession(teamId);
  const failure = `INSERT INTO webhook_failures (team_id, session_id, webhook_id, failing_since, attempts, last_error)
    VALUES (?, ?, 'w', ?, 5, 'x')`;
  // The index holds on to its references; a restored one may have come without them.
  await env.INDEX_DB.batch([
    env.INDEX_DB.prepare("CREATE TABLE loose AS SELECT * FROM conversations"),
    env.INDEX_DB.prepare("DROP TABLE conversations"),
    env.INDEX_DB.prepare("ALTER TABLE loose RENAME TO conversations"),
    env.INDEX_DB.prepare(
      `INSERT INTO conversations (session_id, id, team_id, status, handled_by, version, created_at, updated_at)
       VALUES ('gone', 'a', ?1, 'open', 'bot', 1, 0, 0), ('gone', 'b', ?1, 'open', 'bot', 1, 0, 0)`,
    ).bind(teamId),
    env.INDEX_DB.prepare(failure).bind(teamId, "gone", now - 8 * DAY_MS),
    env.INDEX_DB.prepare(failure).bind(teamId, "coming", now - DAY_MS),
    env.INDEX_DB.prepare(failure).bind(teamId, session.id, now - 8 * DAY_MS),
  ]);
  expect(await sweep()).toMatchObject({ removedOrphans: 3 });
  expect(await countOf("conversations WHERE session_id = 'gone'")).toBe(0);
  expect(await countOf("conversations WHERE session_id = ?", session.id)).toBe(1);
  expect(await countOf("webhook_failures")).toBe(2);
});

test("marks of what is gone are kept for a week, events for as long as is said", async () => {
  const teamId = await newTeam();
  const event = `INSERT INTO audit_events (team_id, at, id, type, actor_kind) VALUES (?, ?, ?, 'key.used', 'team')`;
  await env.INDEX_DB.batch([
    env.INDEX_DB.prepare("INSERT INTO purged VALUES ('old', ?), ('young', ?)").bind(
      now - 8 * DAY_MS,
      now - 6 * DAY_MS,
    ),
    env.INDEX_DB.prepare(event).bind(teamId, now - 401 * DAY_MS, "old"),
    env.INDEX_DB.prepare(event).bind(teamId, now - 399 * DAY_MS, "young"),
  ]);
  await sweep();
  expect(await countOf("purged WHERE id_hash IN ('old', 'young')")).toBe(1);
  expect(await countOf("audit_events WHERE id IN ('old', 'young')")).toBe(1);
  await cleanUp({ ...env, AUDIT_RETENTION_DAYS: "30" }, undefined, now);
  expect(await countOf("audit_events WHERE id = 'young'")).toBe(0);
  for (const AUDIT_RETENTION_DAYS of ["", "forever", "-1", "0"]) {
    expect(auditRetentionDays({ ...env, AUDIT_RETENTION_DAYS })).toBe(400);
  }
});
