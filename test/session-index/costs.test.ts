/**
 * What calls cost in rows, which is what D1 bills, in the company of 100,000 other sessions of the same team.
 * The figures are exact: a change here is a change of the bill.
 */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { ConversationRecord } from "../../src/domain/conversation-record.ts";
import { sessionsDatabase, teamsDatabase } from "../../src/session-index/databases.ts";
import { type NominationPosition, nominated } from "../../src/session-index/nominations.ts";
import type { FingerprintQuery, SessionQuery } from "../../src/session-index/read.ts";
import {
  findSessionsByFingerprint,
  listSessions,
  sessionStats,
} from "../../src/session-index/read.ts";
import { createTeamKey, findTeamKey } from "../../src/session-index/team-keys.ts";
import { getTeam, getTeamByNumber, hasTeamWithOrigin } from "../../src/session-index/teams.ts";
import type { IndexedSession } from "../../src/session-index/write.ts";
import { projectSession } from "../../src/session-index/write.ts";
import { meter } from "./metered-d1.ts";
import { addTeam, conversation, DAY_MS, ended, everything, NOW, session } from "./records.ts";

const OTHERS = 100_000;
const metered = meter(env.INDEX_DB);
const database = sessionsDatabase(metered, 1);

/** Ten sessions a fingerprint and a hundred a user, who is every second session's; one in a hundred has ended. */
const SEED = `
  INSERT INTO sessions (
    id, team_id, user_fingerprint, device_info, location_info, status, last_accessed, expires_at,
    created_at, updated_at, version, user_id, ended_at, end_reason, country, device_type
  )
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${OTHERS})
  SELECT
    printf('%032d', i), 'team', 'fp' || (i / 10), '{}', '{}', iif(i % 100 = 0, 'expired', 'active'),
    ${NOW} + i, ${NOW + 30 * DAY_MS} + i, ${NOW}, ${NOW}, 1, iif(i % 2 = 0, 'user' || (i / 200), NULL),
    iif(i % 100 = 0, ${NOW}, NULL), iif(i % 100 = 0, 'idle', NULL), 'FR', 'desktop'
  FROM n`;

beforeAll(async () => {
  await addTeam("team");
  await env.INDEX_DB.exec(SEED.replaceAll("\n", " "));
});

describe("writing", () => {
  async function rowsWritten(
    record: IndexedSession,
    conversations: readonly ConversationRecord[],
  ): Promise<number> {
    const cost = await metered.cost(async () => {
      expect(await projectSession(database, record, conversations, [])).toEqual({ ok: true });
    });
    return cost.rowsWritten;
  }

  test("a creation: the session, four index entries, its conversation, the counters", async () => {
    expect(await rowsWritten(session("created"), [conversation()])).toBe(7);
  });

  test("a creation with a user has an index entry more, one without a fingerprint one less", async () => {
    expect(await rowsWritten(session("with user", { userId: "u" }), [conversation()])).toBe(8);
    expect(await rowsWritten(session("bare", { userFingerprint: null }), [conversation()])).toBe(6);
  });

  test("a touch, an end, and nothing for what the index has", async () => {
    const touched = session("life", { version: 2, lastAccessed: NOW + 60_000, createdAt: NOW });
    const over = { ...touched, ...ended("terminated"), version: 3 };
    await projectSession(database, session("life"), [conversation()], []);
    expect(await rowsWritten(touched, [conversation()])).toBe(6);
    expect(await rowsWritten(over, [])).toBe(6);
    expect(await rowsWritten(over, [conversation()])).toBe(0);
    expect(await rowsWritten(touched, [conversation()])).toBe(0);
  });

  test("a change that counts nothing leaves the counters alone", async () => {
    await projectSession(database, session("still"), [], []);
    expect(await rowsWritten(session("still", { version: 2 }), [])).toBe(5);
  });
});

test("a page of what is overdue reads less than three rows for each of it", async () => {
  // A tenth of all.
  await env.INDEX_DB.prepare(
    "UPDATE sessions SET expires_at = ? WHERE cast(id AS INTEGER) % 10 = 1 AND status = 'active'",
  )
    .bind(NOW - DAY_MS)
    .run();
  let last: NominationPosition | undefined;
  let found = 0;
  let pages = 0;
  const cost = await metered.cost(async () => {
    for (let page = 50; page === 50; pages++) {
      const query = { teamId: undefined, last, now: NOW, limit: 50 };
      const sessions = await nominated(database, "to-expire", query);
      page = sessions.length;
      found += page;
      last = sessions.at(-1) ?? last;
    }
  });
  expect(found).toBe(OTHERS / 10);
  expect(cost.rowsRead / pages).toBeLessThan(3 * 50);
});

describe("reading", () => {
  async function pageCost(read: () => ReturnType<typeof listSessions>) {
    let page: Awaited<ReturnType<typeof listSessions>> | undefined;
    const cost = await metered.cost(async () => {
      page = await read();
    });
    if (!page?.ok) throw new Error("The list was refused.");
    return { ...cost, results: page.sessions.length, nextCursor: page.nextCursor };
  }

  const lookup = (fields: Partial<FingerprintQuery>) =>
    pageCost(() =>
      findSessionsByFingerprint(database, {
        teamId: "team",
        fingerprintHashes: [],
        userId: undefined,
        cursor: undefined,
        limit: 50,
        ...fields,
      }),
    );

  const list = (fields: Partial<SessionQuery>) =>
    pageCost(() => listSessions(database, { ...everything("team"), ...fields }));

  test.each([
    { hashes: ["fp7"], results: 10 },
    { hashes: ["fp7", "fp8"], results: 20 },
    { hashes: ["fp7", "nobody"], results: 10 },
    { hashes: ["nobody", "neither"], results: 0 },
  ])("a fingerprint lookup under $hashes reads its $results results + 2 at most", async (given) => {
    const cost = await lookup({ fingerprintHashes: given.hashes });
    expect(cost).toMatchObject({ results: given.results, rowsWritten: 0 });
    expect(cost.rowsRead).toBeLessThanOrEqual(given.results + 2);
  });

  test("so does every page of one", async () => {
    const query = { fingerprintHashes: ["fp7", "fp8"], limit: 7 };
    const first = await lookup(query);
    const second = await lookup({ ...query, cursor: first.nextCursor });
    const third = await lookup({ ...query, cursor: second.nextCursor });
    expect([first, second, third].map((page) => page.results)).toEqual([7, 7, 6]);
    for (const page of [first, second, third]) {
      expect(page.rowsRead).toBeLessThanOrEqual(page.results + 2);
    }
  });

  test("the statistics are one row", async () => {
    let total = 0;
    const cost = await metered.cost(async () => {
      total = (await sessionStats(database, "team")).totalSessions;
    });
    expect(total).toBeGreaterThanOrEqual(OTHERS);
    expect(cost).toEqual({ rowsRead: 1, rowsWritten: 0 });
  });

  test.each([
    { title: "everything", filter: {} },
    { title: "one status", filter: { status: "expired" as const } },
    { title: "one user", filter: { userId: "user7" } },
    {
      title: "a filter that most sessions pass",
      filter: { country: "FR", device: "desktop" as const },
    },
  ])(
    "a page of $title, and each after it, reads one row more than it shows",
    async ({ filter }) => {
      const first = await list(filter);
      const second = await list({ ...filter, cursor: first.nextCursor });
      for (const page of [first, second]) {
        expect(page.results).toBe(50);
        expect(page.rowsRead).toBeLessThanOrEqual(51);
      }
    },
  );

  test("a user's sessions of one status are looked for among the user's", async () => {
    const expired = await list({ userId: "user7", status: "expired" });
    expect(expired.results).toBe(2);
    expect(expired.rowsRead).toBeLessThanOrEqual(102);
    const active = await list({ userId: "user7", status: "active", limit: 40 });
    const rest = await list({
      userId: "user7",
      status: "active",
      limit: 60,
      cursor: active.nextCursor,
    });
    expect(active.results + rest.results).toBe(98);
    expect(active.rowsRead + rest.rowsRead).toBeLessThanOrEqual(102);
  });

  test("teams, keys and origins are looked up by key", async () => {
    const teams = teamsDatabase(metered);
    await createTeamKey(teams, { id: "k", teamId: "team", secretHash: "h", scopes: [] }, NOW);
    for (const lookUp of [
      () => getTeam(teams, "team"),
      () => getTeamByNumber(teams, 1),
      () => findTeamKey(teams, "k"),
    ]) {
      expect(await metered.cost(lookUp)).toEqual({ rowsRead: 1, rowsWritten: 0 });
    }
    const cost = await metered.cost(() =>
      hasTeamWithOrigin(teams, ["https://a.example", "https://b.example"]),
    );
    expect(cost.rowsRead).toBeLessThanOrEqual(2);
  });
});
