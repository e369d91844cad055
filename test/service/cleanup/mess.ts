/** What a cleanup has to do, made on purpose: sessions whose alarm was lost, and what belongs to nothing. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { SessionStore } from "../../../objects/store.ts";
import { fileKey, transcriptKey } from "../../../src/bucket/keys.ts";
import type { SessionWithToken } from "../../../src/protocol/rest.ts";
import { chunks } from "../../../src/session-index/chunks.ts";
import { newSession } from "../../support/api.ts";
import { evict } from "../../support/eviction.ts";
import { objectOf } from "../../support/object-of.ts";

/** A session that nothing wakes. */
export async function sleeper(teamId: string): Promise<SessionWithToken> {
  const chat = await newSession(teamId);
  await runInDurableObject(objectOf(chat.session.id), (_, { storage }) => storage.deleteAlarm());
  await evict(chat.session.id);
  return chat;
}

export const sleepers = (teamId: string, count: number) =>
  Promise.all(Array.from({ length: count }, () => sleeper(teamId)));

let unique = 0;

/** The object of a session keeps nothing but that there was one. */
async function markPurged(id: string): Promise<void> {
  await runInDurableObject(objectOf(id), (_, { storage }) => new SessionStore(storage).purge(1));
}

/** Rows of active sessions that are gone; they should have ended at `expiresAt`. */
export async function rowsOfPurged(
  ...of: Parameters<typeof rowsOfNone>
): Promise<readonly string[]> {
  const ids = await rowsOfNone(...of);
  for (const some of chunks(ids, 20)) await Promise.all(some.map(markPurged));
  return ids;
}

/** Rows of active sessions that no object ever was behind; they should have ended at `expiresAt`. */
export async function rowsOfNone(
  teamId: string,
  count: number,
  expiresAt: number,
): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, () => `none-${++unique}`.padEnd(32, "-"));
  await env.INDEX_DB.prepare(
    `INSERT INTO sessions (id, team_id, device_info, location_info, status, last_accessed, expires_at, created_at,
       updated_at, version)
     SELECT value, ?1, '{}', '{}', 'active', 0, ?2, 0, 0, 1 FROM json_each(?3)`,
  )
    .bind(teamId, expiresAt, JSON.stringify(ids))
    .run();
  return ids;
}

/** Things in the bucket that are nobody's: of a session that is gone, and of one that does not know them. */
export async function strayKeys(sessionId: string): Promise<readonly string[]> {
  const none = `none-${++unique}`.padEnd(32, "-");
  await markPurged(none);
  const keys = [
    fileKey(none, "file-1"),
    fileKey(none, "file-2"),
    fileKey(sessionId, `file-${unique}`),
    transcriptKey(none),
  ];
  for (const key of keys) await env.BUCKET.put(key, "bytes");
  return keys;
}

export async function keysIn(prefix: string): Promise<readonly string[]> {
  return (await env.BUCKET.list({ prefix })).objects.map(({ key }) => key);
}

export async function statusOf(id: string): Promise<string | undefined> {
  const row = await env.INDEX_DB.prepare("SELECT status FROM sessions WHERE id = ?")
    .bind(id)
    .first<{ status: string }>();
  return row?.status;
}

/** The counters of a team, and what they would be if all its rows were counted. */
export async function countersOf(teamId: string): Promise<readonly [object | null, object | null]> {
  const [kept, counted] = await Promise.all([
    env.INDEX_DB.prepare(
      "SELECT total, idle, absolute, terminated, erased FROM team_counters WHERE team_id = ?",
    )
      .bind(teamId)
      .first(),
    env.INDEX_DB.prepare(
      `SELECT count(*) AS total, total(end_reason IS 'idle') AS idle, total(end_reason IS 'absolute') AS absolute,
         total(end_reason IS 'terminated') AS terminated, total(end_reason IS 'erased') AS erased
       FROM sessions WHERE team_id = ?`,
    )
      .bind(teamId)
      .first(),
  ]);
  return [kept, counted];
}
