// At rest, the object, D1 and R2 have to agree with the model and with one another.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { filesPrefix, transcriptKey } from "../../../src/bucket/keys.ts";
import { DEFAULT_AUDIT_RETENTION_DAYS } from "../../../src/operations/cleanup/bounds.ts";
import type { Message } from "../../../src/protocol/message.ts";
import type { TranscriptLine } from "../../../src/protocol/transcript.ts";
import { bucketText } from "../../support/bucket.ts";
import { DAY_MS } from "../../support/clock.ts";
import { indexText } from "../../support/index-database.ts";
import { personOf } from "../../support/named-things.ts";
import { objectOf } from "../../support/object-of.ts";
import { tablesOf } from "../../support/object-storage.ts";
import { readAll, sameFile, sameMessages } from "./agreement.ts";
import type { SessionModel } from "./model.ts";
import type { World } from "./world.ts";

/** @param restlessUntil when the last of what is due was done at the earliest */
export async function compareAll(world: World, restlessUntil: number): Promise<void> {
  for (const chat of world.sessions) await compare(world, chat, restlessUntil);
  await compareWords(world);
}

async function compare(world: World, chat: SessionModel, restlessUntil: number): Promise<void> {
  const now = Date.now();
  const found = await readAll(world, chat);
  if (found === "gone") {
    expect(chat.mayBeGone(now), "gone before its time").toBe(true);
    await leavesNothing(chat);
    return;
  }
  expect(chat.mustBeGoneAtRest(now, restlessUntil), "there after its time").toBe(false);
  if (found === undefined) throw new Error("nothing fails, and it cannot be read");
  sameMessages(chat, found);
  const row = await rowOf(chat);
  expect(row).toEqual(await recordOf(chat));
  await compareEnd(world, chat, row);
  await compareArchive(chat, row, found);
  await compareFiles(world, chat, row.archived_at !== null);
}

const SESSION = `id, team_id, status, end_reason, ended_at, archived_at, version, user_id, user_fingerprint, device_info,
  location_info, created_at, updated_at, last_accessed`;

type Row = Record<string, SqlStorageValue>;

async function rowOf({ id }: SessionModel): Promise<Row> {
  const [session, conversations] = await env.INDEX_DB.batch<Row>([
    env.INDEX_DB.prepare(`SELECT ${SESSION} FROM sessions WHERE id = ?`).bind(id),
    env.INDEX_DB.prepare(
      "SELECT id, status, version FROM conversations WHERE session_id = ? ORDER BY id",
    ).bind(id),
  ]);
  const row = session?.results[0] ?? {};
  return { ...row, conversations: JSON.stringify(conversations?.results) };
}

function recordOf({ id }: SessionModel): Promise<Row> {
  return runInDurableObject(objectOf(id), (_, { storage: { sql } }) => {
    expect(sql.exec("SELECT * FROM index_outbox").toArray()).toEqual([]);
    const conversations = sql
      .exec("SELECT id, status, version FROM conversations ORDER BY id")
      .toArray();
    const session: Row = sql.exec(`SELECT ${SESSION} FROM session`).one();
    return { ...session, conversations: JSON.stringify(conversations) };
  });
}

/** It ended when it had to, if it had to. */
async function compareEnd(world: World, chat: SessionModel, row: Row): Promise<void> {
  const { from, to } = chat.ends;
  if (row.status === "active") {
    expect(chat.mustHaveEnded(Date.now()), "active after its time").toBe(false);
    return;
  }
  expect(row.ended_at).toBeGreaterThanOrEqual(from);
  expect(row.ended_at).toBeLessThanOrEqual(to);
  const { archiveAfterDays, retentionDays } = world.team.policy;
  const days = (Date.now() - Number(row.ended_at)) / DAY_MS;
  expect(days, "there after its time").toBeLessThan(retentionDays);
  expect(row.archived_at !== null, "archived, as is due").toBe(days >= archiveAfterDays);
}

async function compareArchive(
  { id }: SessionModel,
  row: Row,
  messages: readonly Message[],
): Promise<void> {
  const stored = await env.BUCKET.get(transcriptKey(id));
  if (row.archived_at === null) {
    expect(stored, "a transcript of what is not archived").toBeNull();
    return;
  }
  if (stored === null) throw new Error("an archive without a transcript");
  const clear = stored.body.pipeThrough(new DecompressionStream("gzip"));
  const lines = (await new Response(clear).text())
    .trimEnd()
    .split("\n")
    .map((text) => JSON.parse(text) as TranscriptLine);
  expect(lines.flatMap((line) => (line.type === "message" ? [line.message] : []))).toEqual(
    messages,
  );
  expect(lines[0]).toMatchObject({ type: "transcript", version: 1, session: { id } });
  expect(lines.at(-1)).toEqual({ type: "end", messages: messages.length });
  const left = await runInDurableObject(objectOf(id), (_, { storage: { sql } }) =>
    sql.exec("SELECT seq FROM messages").toArray(),
  );
  expect(left, "archived, and in the object").toEqual([]);
}

/** No row without its bytes, no bytes without their rows, in the object and in the index. */
async function compareFiles(world: World, chat: SessionModel, isArchived: boolean): Promise<void> {
  const { objects } = await env.BUCKET.list({ prefix: filesPrefix(chat.id) });
  const inBucket = objects.map(({ key }) => key.slice(filesPrefix(chat.id).length));
  const { results } = await env.INDEX_DB.prepare(
    "SELECT id FROM files WHERE session_id = ? ORDER BY id",
  )
    .bind(chat.id)
    .all<{ id: string }>();
  const inObject = await runInDurableObject(objectOf(chat.id), (_, { storage: { sql } }) =>
    sql.exec<{ id: string }>("SELECT id FROM files ORDER BY id").toArray(),
  );
  expect(inBucket.sort()).toEqual(inObject.map(({ id }) => id));
  expect(results).toEqual(inObject);
  for (const file of chat.files) {
    if (file.fileId === undefined) continue;
    const path = `/api/sessions/${chat.id}/files/${file.fileId}`;
    const answer = await world.ask(path, { bearer: world.team.teamKey });
    sameFile(chat, file, answer, Date.now());
    if (isArchived) expect(answer.status, "a file of an archived session").toBe(404);
  }
}

const OF_A_SESSION = ["conversations", "files", "webhook_failures"] as const;

/** Of a session that is purged there is its marker; in the index, that it was, and what the audit trail keeps. */
async function leavesNothing({ id, createdAt, mayBeErased }: SessionModel): Promise<void> {
  const object = await tablesOf(objectOf(id), () => true);
  expect(object, "the object of what is gone").toMatch(/^purged\n[^\n]*$/);
  const rows = await env.INDEX_DB.batch([
    env.INDEX_DB.prepare("SELECT id FROM sessions WHERE id = ?").bind(id),
    ...OF_A_SESSION.map((table) =>
      env.INDEX_DB.prepare(`SELECT session_id FROM ${table} WHERE session_id = ?`).bind(id),
    ),
  ]);
  expect(rows.flatMap(({ results }) => results)).toEqual([]);
  expect(await bucketText(filesPrefix(id))).toBe("");
  expect(await env.BUCKET.head(transcriptKey(id))).toBeNull();
  const { results } = await env.INDEX_DB.prepare(
    "SELECT type FROM audit_events WHERE session_id = ? ORDER BY at",
  )
    .bind(id)
    .all<{ type: string }>();
  const types = results.map(({ type }) => type);
  const finals = types.filter((type) => type === "session.purged" || type === "session.erased");
  // After its days the audit trail forgets it, too.
  const isRemembered = Date.now() < createdAt + DEFAULT_AUDIT_RETENTION_DAYS * DAY_MS;
  if (isRemembered) expect(finals, types.join()).toHaveLength(1);
  else expect(finals.length, types.join()).toBeLessThanOrEqual(1);
  if (!mayBeErased) expect(finals).not.toContain("session.erased");
  if (finals[0] === "session.erased") {
    expect(types).toEqual(["session.erased"]);
    expect(await indexText(() => true)).not.toContain(personOf(id));
  }
}

/** What was taken back, and what was said in sessions that are gone, is nowhere. */
async function compareWords(world: World): Promise<void> {
  const objects = world.sessions.map(({ id }) => tablesOf(objectOf(id), () => true));
  const all = [await indexText(() => true), await bucketText(), ...(await Promise.all(objects))];
  const text = all.join("\n");
  const there = new Set(text.match(new RegExp(`\\w+-${world.name}-\\d+-`, "g")));
  for (const chat of world.sessions) {
    const isGone = (await readAll(world, chat)) === "gone";
    const said = chat.messages.filter(({ redacted }) => isGone || redacted === "yes");
    const files = chat.files.filter(({ fileId }) => isGone && fileId !== undefined);
    const words = [...said.map(({ content }) => content), ...files.map((file) => file.text)];
    expect(words.filter((word) => there.has(word))).toEqual([]);
  }
}

export interface Counters {
  readonly rows: number;
  readonly purged: number;
}

/** The team's counters, after they are found to equal a recount of what is there. */
export async function countersOf(world: World): Promise<Counters> {
  const { teamId } = world.team;
  const [counters, recount] = await env.INDEX_DB.batch<Record<string, number>>([
    env.INDEX_DB.prepare(`SELECT total, idle, absolute, terminated, erased, duration_ms,
      purged_total, purged_idle, purged_absolute, purged_terminated, purged_erased
      FROM team_counters WHERE team_id = ?`).bind(teamId),
    env.INDEX_DB.prepare(
      `SELECT count(*) AS total, total(end_reason IS 'idle') AS idle, total(end_reason IS 'absolute') AS absolute,
         total(end_reason IS 'terminated') AS terminated, total(end_reason IS 'erased') AS erased,
         total(last_accessed - created_at) AS duration_ms FROM sessions WHERE team_id = ?`,
    ).bind(teamId),
  ]);
  const counted = counters?.results[0] ?? {};
  const { purged_total: purged = 0 } = counted;
  if (counters?.results.length === 0) return { rows: 0, purged: 0 };
  expect(counted).toMatchObject(recount?.results[0] ?? {});
  const {
    purged_idle = 0,
    purged_absolute = 0,
    purged_terminated = 0,
    purged_erased = 0,
  } = counted;
  expect(purged_idle + purged_absolute + purged_terminated + purged_erased).toBe(purged);
  return { rows: recount?.results[0]?.total ?? 0, purged };
}
