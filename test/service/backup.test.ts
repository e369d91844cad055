// The daily backup, and the way back from it into a database that has lost everything.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { backUp } from "../../src/operations/backup/export.ts";
import type { RestoreAnswer } from "../../src/protocol/recovery.ts";
import type { Team } from "../../src/protocol/team.ts";
import { call, newSession, newTeam, newTeamKey, things } from "../support/api.ts";
import { DAY_MS, HOUR_MS } from "../support/clock.ts";
import { breakIndex, indexCost, loseIndex } from "../support/index-database.ts";
import { indexAnswered } from "../support/object-storage.ts";
import { problemOf } from "../support/problem.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";

let now = Date.UTC(2027, 5, 1, 0, 17);

beforeEach(async () => {
  await loseIndex();
  await emptyBucket();
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
  // Each test lives later than the ones before: what is cached of their teams is forgotten.
  now += 30 * DAY_MS;
  vi.useFakeTimers({ toFake: ["Date"], now });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function keys(): Promise<string[]> {
  return (await env.BUCKET.list({ prefix: "backups/" })).objects.map(({ key }) => key);
}

async function emptyBucket(): Promise<void> {
  const found = await keys();
  if (found.length > 0) await env.BUCKET.delete(found);
}

async function textOf(key: string): Promise<string> {
  const stored = await env.BUCKET.get(key);
  if (stored === null) throw new Error(`no ${key}`);
  if (!key.endsWith(".gz")) return await stored.text();
  return await new Response(stored.body.pipeThrough(new DecompressionStream("gzip"))).text();
}

const backup = (at = now) => backUp(env, at);

async function restore(body: object = {}): Promise<RestoreAnswer> {
  const answers: RestoreAnswer[] = [];
  for (let next: object | undefined = body; next; ) {
    const response = await call("/api/admin/restore", { bearer: TEST_ADMIN_TOKEN, body: next });
    expect(response.status, await response.clone().text()).toBe(200);
    const answer = await response.json<RestoreAnswer>();
    answers.push(answer);
    const { date, nextAfter } = answer;
    next = nextAfter === undefined ? undefined : { date, after: nextAfter };
  }
  const sum: Record<string, number> = {};
  for (const { restored } of answers) {
    for (const [table, rows] of Object.entries(restored)) sum[table] = (sum[table] ?? 0) + rows;
  }
  return {
    date: answers[0]?.date ?? "",
    restored: sum as RestoreAnswer["restored"],
    conflicts: answers.flatMap(({ conflicts }) => conflicts),
  };
}

const rows = async (sql: string) => (await env.INDEX_DB.prepare(sql).all()).results;

const asAdmin = (path: string, method?: string, body?: object) =>
  call(`/api/admin/teams${path}`, {
    bearer: TEST_ADMIN_TOKEN,
    ...(method !== undefined && { method }),
    ...(body && { body }),
  });

const purge = (sessionId: string) =>
  env.INDEX_DB.prepare("DELETE FROM sessions WHERE id = ?").bind(sessionId).run();

describe("a backup", () => {
  test("is made once a day, when it is complete, and kept for its days", async () => {
    await newTeam();
    await backup(now + 1);
    const first = await keys();
    expect(first.some((key) => key.endsWith("/manifest.json"))).toBe(true);
    await backup(now + 5 * HOUR_MS);
    expect(await keys()).toEqual(first);
    await backup(now + DAY_MS);
    expect(await keys()).toHaveLength(first.length * 2);
    await backup(now + 92 * DAY_MS);
    expect((await keys()).filter((key) => first.includes(key))).toEqual([]);
  });

  test("is pieces of tables between what they are and what they should be", async () => {
    const teamId = await newTeam();
    await backup();
    const key = (await keys()).find((one) => one.includes("/teams-0001")) ?? "";
    const lines = (await textOf(key)).trimEnd().split("\n");
    const [header, team, end] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(header).toMatchObject({ format: "durable-sessions-backup", version: 1, table: "teams" });
    expect(team).toMatchObject({ number: 1, id: teamId, revision: 1 });
    const bytes = new TextEncoder().encode(`${lines.slice(0, 2).join("\n")}\n`);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    expect(end).toEqual({ end: true, rows: 1, sha256: digest });
  });

  test("holds nothing that opens anything, and nobody whose session may be erased", async () => {
    const teamId = await newTeam();
    const team = await things.team(teamId);
    const chat = await newSession(teamId);
    await things.identify(team, chat);
    await indexAnswered(chat.session.id);
    const trail = await rows("SELECT session_id, details FROM audit_events");
    const userId = trail
      .map(({ details }) => JSON.parse(String(details)) as { userId?: string } | null)
      .find((details) => details?.userId !== undefined)?.userId;
    await backup(now + 1);
    const all = (await Promise.all((await keys()).map(textOf))).join("\n");
    expect(all).toContain("session.identified");
    for (const word of [
      chat.session.id,
      userId ?? "",
      team.teamKey.split("_").slice(2).join("_"),
      chat.token,
    ]) {
      expect(word.length).toBeGreaterThan(3);
      expect(all).not.toContain(word);
    }
  });

  test.each(["the bucket", "the index"])("that %s failed is made at the next run", async (what) => {
    await newTeam();
    const reported = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const bucket = Object.getPrototypeOf(env.BUCKET) as R2Bucket;
    const { put } = bucket;
    let heal = (): void => {
      Object.assign(bucket, { put });
    };
    if (what === "the index") heal = breakIndex();
    else Object.assign(bucket, { put: () => Promise.reject(new Error("R2 is down")) });
    try {
      await backup();
      expect(reported).toHaveBeenCalledWith(expect.stringContaining("backup_failed"));
    } finally {
      heal();
    }
    expect((await keys()).filter((key) => key.endsWith("manifest.json"))).toEqual([]);
    await backup(now + HOUR_MS);
    expect((await keys()).filter((key) => key.endsWith("manifest.json"))).toHaveLength(1);
    expect((await restore()).date).toBe(new Date(now).toISOString().slice(0, 10));
  });

  test("reads little more of a long trail than it writes, and comes back in parts", async () => {
    const teams = [await newTeam(), await newTeam(), await newTeam()].sort();
    const COUNT = 12_000;
    for (const team of [teams[0], teams[2]]) {
      await env.INDEX_DB.prepare(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${COUNT})
         INSERT INTO audit_events SELECT ?, ${now} - i / 3, 'evt_' || (i % 3), NULL, 'key.used', 'system', NULL, NULL FROM n`,
      )
        .bind(team)
        .run();
    }
    const { rowsRead } = await indexCost(() => backup(now + 1));
    expect(rowsRead).toBeLessThan(2 * COUNT * 1.1);
    const before = await rows("SELECT * FROM audit_events ORDER BY team_id, at, id");
    await loseIndex();
    const { restored } = await restore();
    expect(restored.audit_events).toBe(before.length);
    expect(await rows("SELECT * FROM audit_events ORDER BY team_id, at, id")).toEqual(before);
  });
});

const EVERYTHING = {
  teams: "SELECT * FROM teams ORDER BY number",
  origins: "SELECT * FROM team_origins ORDER BY origin, team_id",
  teamKeys: "SELECT * FROM team_keys ORDER BY id",
  identityKeys: "SELECT * FROM identity_keys ORDER BY kid",
  counters:
    "SELECT team_id, purged_total, purged_terminated, purged_duration_ms FROM team_counters",
  events: "SELECT team_id, at, id, type, actor_kind, actor_id FROM audit_events ORDER BY at, id",
};

async function everything(): Promise<Record<string, unknown>> {
  const found = Object.entries(EVERYTHING).map(async ([name, sql]) => [name, await rows(sql)]);
  return Object.fromEntries(await Promise.all(found));
}

describe("from an empty database", () => {
  test("teams, keys, totals and events come back as they were, however often they are restored", async () => {
    const [one, other] = [await newTeam({ disabled: false, idleDays: 3 }), await newTeam()];
    const [key, revoked] = [await newTeamKey(one), await newTeamKey(one)];
    await asAdmin(`/${one}/keys/${revoked.split("_")[1]}`, "DELETE");
    await asAdmin(`/${other}/identity-keys`, "POST", { algorithm: "HS256" });
    const gone = await newSession(one);
    await call(`/api/sessions/${gone.session.id}`, { bearer: gone.token, method: "DELETE" });
    await indexAnswered(gone.session.id);
    await purge(gone.session.id);
    const before = await everything();
    expect(before.counters).toContainEqual(
      expect.objectContaining({ team_id: one, purged_total: 1, purged_terminated: 1 }),
    );
    // What happens while a backup is made is in the next one.
    await backup(now + 1);

    await loseIndex();
    expect(await restore()).toMatchObject({ conflicts: [], restored: { teams: 2, team_keys: 2 } });
    expect(await everything()).toEqual(before);
    vi.setSystemTime(now + HOUR_MS);
    const list = (bearer: string) => call(`/api/teams/${one}/sessions`, { bearer });
    expect((await list(key)).status).toBe(200);
    expect((await list(revoked)).status).toBe(401);
    const again = await restore();
    expect(Object.values(again.restored)).toEqual([0, 0, 0, 0, 0]);
    expect(await everything()).toMatchObject({ teams: before.teams, counters: before.counters });
  });

  test("new teams get numbers that nobody had, those made since the backup included", async () => {
    await newTeam();
    await backup(now + 1);
    const lost = await newTeam();
    const numberOf = async (id: string) =>
      (await (await asAdmin(`/${id}`)).json<{ team: Team }>()).team.number;
    const taken = await numberOf(lost);
    await loseIndex();
    await restore();
    expect(await numberOf(await newTeam())).toBeGreaterThan(taken);
  });

  test("a session's events are its own again when it projects itself; those of an erased one are not", async () => {
    const teamId = await newTeam();
    const team = await things.team(teamId);
    const chat = await newSession(teamId);
    await things.identify(team, chat);
    const erased = await newSession(teamId);
    await Promise.all([chat, erased].map(({ session }) => indexAnswered(session.id)));
    const sql = `SELECT * FROM audit_events WHERE session_id = '${chat.session.id}' ORDER BY at, id`;
    const before = await rows(sql);
    expect(before.length).toBeGreaterThan(1);
    await backup(now + 1);
    // What the erasure of a session leaves of it, a day later.
    vi.setSystemTime(now + DAY_MS);
    await env.INDEX_DB.batch([
      env.INDEX_DB.prepare("DELETE FROM audit_events WHERE session_id = ?").bind(erased.session.id),
      env.INDEX_DB.prepare(
        "INSERT INTO audit_events VALUES (?, ?, 'evt_erased', ?, 'session.erased', 'admin', NULL, NULL)",
      ).bind(teamId, now + DAY_MS - 1, erased.session.id),
    ]);
    await backup(now + DAY_MS);
    await loseIndex();
    await restore();
    expect(await rows(sql)).toEqual([]);
    const id = env.SESSIONS.idFromName(chat.session.id).toString();
    const reindexed = await call("/api/admin/reindex", {
      bearer: TEST_ADMIN_TOKEN,
      body: { objectIds: [id] },
    });
    expect(await reindexed.json()).toEqual({ objects: [{ objectId: id, outcome: "projected" }] });
    expect(await rows(sql)).toEqual(before);
    const rest = await rows("SELECT type FROM audit_events WHERE session_id LIKE 'sha256:%'");
    expect(rest).toEqual([{ type: "session.erased" }]);
  });
});

describe("over what is there", () => {
  test("what is newer stays, what is older gives way, and what was revoked stays revoked", async () => {
    const [changed, behind] = [await newTeam(), await newTeam()];
    const [before, after] = [await newTeamKey(behind), await newTeamKey(behind)];
    const idOf = (key: string) => key.split("_")[1];
    await asAdmin(`/${behind}`, "PATCH", { name: "Renamed before" });
    await asAdmin(`/${behind}/keys/${idOf(before)}`, "DELETE");
    await backup(now + 1);
    await asAdmin(`/${changed}`, "PATCH", { name: "Renamed after" });
    await asAdmin(`/${behind}/keys/${idOf(after)}`, "DELETE");
    // As after a way back in time that goes too far.
    await env.INDEX_DB.batch([
      env.INDEX_DB.prepare("UPDATE teams SET name = 'Old', revision = 1 WHERE id = ?").bind(behind),
      env.INDEX_DB.prepare("UPDATE team_keys SET revoked_at = NULL WHERE id = ?").bind(
        idOf(before),
      ),
      env.INDEX_DB.prepare("UPDATE team_counters SET purged_total = 7 WHERE team_id = ?").bind(
        behind,
      ),
    ]);
    expect((await restore()).restored).toMatchObject({ teams: 1, team_keys: 1, team_counters: 0 });
    expect(await rows("SELECT id, name FROM teams ORDER BY number")).toEqual([
      { id: changed, name: "Renamed after" },
      { id: behind, name: "Renamed before" },
    ]);
    expect(await rows("SELECT 1 FROM team_keys WHERE revoked_at IS NULL")).toEqual([]);
    expect(
      await rows(`SELECT purged_total FROM team_counters WHERE team_id = '${behind}'`),
    ).toEqual([{ purged_total: 7 }]);
  });

  test("teams whose number or id is taken are named, and the others restored", async () => {
    const [first, second, third] = [await newTeam(), await newTeam(), await newTeam()];
    await newTeamKey(first);
    await newTeamKey(second);
    await backup(now + 1);
    await loseIndex();
    const create = (id: string) => asAdmin("", "POST", { id, name: "Made anew" });
    await create("somebody-else");
    await create(third);
    const { conflicts, restored } = await restore();
    expect([...conflicts].sort()).toEqual([first, second, third].sort());
    expect(restored).toMatchObject({ teams: 0, team_keys: 0 });
    expect(await rows("SELECT id, number FROM teams ORDER BY number")).toEqual([
      { id: "somebody-else", number: 1 },
      { id: third, number: 2 },
    ]);
  });
});

describe("what cannot be restored", () => {
  const refusalOf = async (body: object) => {
    const response = await call("/api/admin/restore", { bearer: TEST_ADMIN_TOKEN, body });
    return (await problemOf(response)).code;
  };

  test("is said: no backup, none of the day, none that was completed, a place in none", async () => {
    expect(await refusalOf({})).toBe("backup_not_found");
    await newTeam();
    await backup();
    expect(await refusalOf({ date: "2020-01-01" })).toBe("backup_not_found");
    expect(await refusalOf({ after: "backups/elsewhere" })).toBe("backup_not_found");
    const manifest = (await keys()).find((key) => key.endsWith("manifest.json")) ?? "";
    await env.BUCKET.put(manifest, "{");
    expect(await refusalOf({})).toBe("backup_not_found");
  });

  test.each([
    ["cut off", (bytes: Uint8Array) => bytes.slice(0, -20)],
    ["changed", (bytes: Uint8Array) => bytes.map((byte, at) => (at === 60 ? byte ^ 1 : byte))],
    ["empty", () => new Uint8Array(0)],
    ["something else", () => new TextEncoder().encode("something else")],
  ])("is a file that is %s", async (_, damage) => {
    await newTeam();
    await backup();
    const key = (await keys()).find((one) => one.includes("/teams-0001")) ?? "";
    const bytes = new Uint8Array((await (await env.BUCKET.get(key))?.arrayBuffer()) ?? []);
    await env.BUCKET.put(key, damage(bytes));
    await loseIndex();
    expect(await refusalOf({})).toBe("backup_damaged");
    expect(await rows("SELECT 1 FROM teams")).toEqual([]);
  });

  test("is a file of other rows than it should have, and one that is gone", async () => {
    const teamId = await newTeam();
    await backup();
    const key = (await keys()).find((one) => one.includes("/teams-0001")) ?? "";
    const forged = (await textOf(key)).replace(teamId, "somebody-else");
    const gzip = new Blob([forged]).stream().pipeThrough(new CompressionStream("gzip"));
    await env.BUCKET.put(key, await new Response(gzip).arrayBuffer());
    await loseIndex();
    expect(await refusalOf({})).toBe("backup_damaged");
    await env.BUCKET.delete(key);
    expect(await refusalOf({})).toBe("backup_damaged");
    expect(await rows("SELECT 1 FROM teams")).toEqual([]);
  });
});
