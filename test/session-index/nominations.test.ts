/** Who is nominated, and that it costs less than three rows read for each, however many others there are. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { sessionsDatabase } from "../../src/session-index/databases.ts";
import {
  NOMINATIONS,
  type Nomination,
  type NominationQuery,
  nominated,
} from "../../src/session-index/nominations.ts";
import { meter } from "./metered-d1.ts";
import { addTeam, DAY_MS, NOW } from "./records.ts";

const EACH = 2_000;
const TEAMS = ["team-a", "team-b", "team-c"];

const metered = meter(env.INDEX_DB);
const database = sessionsDatabase(metered, 1);

/** By team: so many active ones, a tenth of them overdue, and as many ended, archived and deleted files, every day one. */
const seed = (team: string) => `
  INSERT INTO sessions (
    id, team_id, device_info, location_info, status, last_accessed, expires_at, created_at, updated_at, version,
    ended_at, end_reason, archived_at
  )
  WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${EACH - 1})
  SELECT
    printf('${team}-%s-%022d', kind, i), '${team}', '{}', '{}', iif(kind = 'active', 'active', 'expired'), 0,
    ${NOW} + iif(kind = 'active' AND i % 10 = 0, -1 - i * 60000, ${DAY_MS}), 0, 0, 7,
    iif(kind = 'active', NULL, ${NOW} - i * ${DAY_MS / 10}), iif(kind = 'active', NULL, 'idle'),
    iif(kind = 'archived', ${NOW}, NULL)
  FROM n, (SELECT 'active' AS kind UNION ALL SELECT 'ended' UNION ALL SELECT 'archived')`;

const seedFiles = (team: string) => `
  INSERT INTO files (session_id, id, team_id, name, type, size, version, created_at, remove_at)
  SELECT id, 'file', team_id, 'a', 'b', 1, 1, 0, ${NOW} + row_number() OVER (ORDER BY id) - 100
  FROM sessions WHERE team_id = '${team}' AND status = 'active'`;

async function setPolicy(team: string, field: string, value: number | null): Promise<void> {
  const path = `$.${field}`;
  await (value === null
    ? env.INDEX_DB.prepare("UPDATE teams SET policy = json_remove(policy, ?) WHERE id = ?").bind(
        path,
        team,
      )
    : env.INDEX_DB.prepare("UPDATE teams SET policy = json_set(policy, ?, ?) WHERE id = ?").bind(
        path,
        value,
        team,
      )
  ).run();
}

beforeAll(async () => {
  for (const team of TEAMS) {
    await addTeam(team);
    await env.INDEX_DB.prepare(seed(team)).run();
    await env.INDEX_DB.prepare(seedFiles(team)).run();
  }
});

const query = (fields: Partial<NominationQuery> = {}): NominationQuery => ({
  teamId: undefined,
  last: undefined,
  now: NOW,
  limit: 50,
  ...fields,
});

/** All there are, page by page, and what the dearest page cost for each that it could have had. */
async function all(nomination: Nomination, fields: Partial<NominationQuery> = {}) {
  const asked = query(fields);
  const ids: string[] = [];
  let dearest = 0;
  for (let { last } = asked; ; ) {
    let page: Awaited<ReturnType<typeof nominated>> = [];
    const { rowsRead } = await metered.cost(async () => {
      page = await nominated(database, nomination, { ...asked, last });
    });
    dearest = Math.max(dearest, rowsRead);
    ids.push(...page.map(({ id }) => id));
    last = page.at(-1) ?? last;
    if (page.length < asked.limit) return { ids, dearest, last };
  }
}

/** How many of a team's are due that lie a tenth of a day apart, once they are `days` old. */
const ofDays = (days: number) => EACH - days * 10;

describe.each(NOMINATIONS)("%s", (nomination) => {
  const due: Readonly<Record<Nomination, number>> = {
    // One every ten minutes, but for the first, whose alarm may yet come.
    "to-expire": EACH / 10 - 1,
    "to-archive": ofDays(7),
    "to-purge": ofDays(180),
    "files-to-remove": 100,
  };

  test("every team's come, each once, in order", async () => {
    const { ids } = await all(nomination);
    expect(new Set(ids).size).toBe(ids.length);
    for (const team of TEAMS) {
      expect(ids.filter((id) => id.startsWith(team))).toHaveLength(due[nomination]);
    }
  });

  test("a page reads less than three rows for each that it may name", async () => {
    const { dearest } = await all(nomination);
    expect(dearest).toBeGreaterThan(0);
    expect(dearest).toBeLessThan(3 * 50);
  });

  test("one team's alone, and none after its last", async () => {
    const { ids, dearest, last } = await all(nomination, { teamId: "team-b" });
    expect(ids).toHaveLength(due[nomination]);
    expect(ids.every((id) => id.startsWith("team-b"))).toBe(true);
    expect(dearest).toBeLessThan(3 * 50);
    expect(await nominated(database, nomination, query({ teamId: "team-b", last }))).toEqual([]);
  });

  test("with what the index has of them", async () => {
    const [first] = await nominated(database, nomination, query({ limit: 1 }));
    expect(first).toEqual({
      id: expect.stringMatching(/^team-a/) as string,
      version: 7,
      teamId: "team-a",
      at: expect.any(Number) as number,
    });
  });
});

test("the team's present days count, and the default where it has none", async () => {
  const count = async (nomination: Nomination) =>
    (await all(nomination, { teamId: "team-c" })).ids.length;
  await setPolicy("team-c", "archiveAfterDays", 1);
  await setPolicy("team-c", "retentionDays", 10);
  expect(await count("to-archive")).toBe(ofDays(1));
  expect(await count("to-purge")).toBe(ofDays(10));
  await setPolicy("team-c", "archiveAfterDays", 90);
  // What is never archived is purged all the same.
  expect(await count("to-archive")).toBe(ofDays(10));
  await setPolicy("team-c", "archiveAfterDays", null);
  await setPolicy("team-c", "retentionDays", null);
  expect(await count("to-archive")).toBe(ofDays(7));
  expect(await count("to-purge")).toBe(ofDays(180));
});

test("many teams with nothing due cost a few rows each", async () => {
  for (let team = 0; team < 60; team++) await addTeam(`other-${team}`);
  for (const nomination of NOMINATIONS) {
    const cost = await metered.cost(() => nominated(database, nomination, query({ now: 0 })));
    expect(cost.rowsRead, nomination).toBeLessThan(63 * 3);
  }
});
