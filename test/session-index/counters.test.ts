/** Whatever arrives in whatever order, the counters that triggers keep are those that a recount would find. */
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EndReason } from "../../src/protocol/session.ts";
import { sessionStats } from "../../src/session-index/read.ts";
import { projectSession } from "../../src/session-index/write.ts";
import { addTeam, database, ended, NOW, session, sessionId } from "./records.ts";

type Step =
  | {
      readonly act: "project";
      readonly name: number;
      readonly version: number;
      readonly lastedMs: number;
      readonly end: EndReason | undefined;
    }
  | { readonly act: "delete"; readonly name: number };

const END_REASONS = ["idle", "absolute", "terminated", "erased"] as const;

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        act: fc.constant("project" as const),
        name: fc.nat(3),
        version: fc.integer({ min: 1, max: 6 }),
        lastedMs: fc.nat(10_000),
        end: fc.option(fc.constantFrom(...END_REASONS), { nil: undefined }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ act: fc.constant("delete" as const), name: fc.nat(3) }) },
  ),
  { maxLength: 20 },
);

interface Counters {
  readonly total: number;
  readonly idle: number;
  readonly absolute: number;
  readonly terminated: number;
  readonly erased: number;
  readonly duration_ms: number;
}

const NONE: Counters = {
  total: 0,
  idle: 0,
  absolute: 0,
  terminated: 0,
  erased: 0,
  duration_ms: 0,
};

const RECOUNT = `
  SELECT count(*) AS total, total(end_reason IS 'idle') AS idle, total(end_reason IS 'absolute') AS absolute,
    total(end_reason IS 'terminated') AS terminated, total(end_reason IS 'erased') AS erased,
    total(last_accessed - created_at) AS duration_ms
  FROM sessions WHERE team_id = ?`;

async function countersOf(team: string): Promise<{ live: Counters; purged: Counters }> {
  const row = await env.INDEX_DB.prepare("SELECT * FROM team_counters WHERE team_id = ?")
    .bind(team)
    .first<Record<string, number>>();
  const pick = (prefix: string) =>
    Object.fromEntries(
      Object.keys(NONE).map((name) => [name, row?.[prefix + name]]),
    ) as unknown as Counters;
  return { live: pick(""), purged: pick("purged_") };
}

const recount = (team: string) =>
  env.INDEX_DB.prepare(RECOUNT).bind(team).first<Record<string, unknown>>();

/** What a row adds to the purged columns when it is deleted. */
async function purgedBy(id: string): Promise<Counters> {
  const row = await env.INDEX_DB.prepare(
    "SELECT end_reason, last_accessed - created_at AS lasted FROM sessions WHERE id = ?",
  )
    .bind(id)
    .first<{ end_reason: EndReason | null; lasted: number }>();
  if (row === null) return NONE;
  return { ...NONE, total: 1, [row.end_reason ?? "erased"]: 1, duration_ms: row.lasted };
}

function plus(one: Counters, other: Counters): Counters {
  return {
    total: one.total + other.total,
    idle: one.idle + other.idle,
    absolute: one.absolute + other.absolute,
    terminated: one.terminated + other.terminated,
    erased: one.erased + other.erased,
    duration_ms: one.duration_ms + other.duration_ms,
  };
}

let runs = 0;

test("counters equal a recount after every step of any sequence of writes and deletions", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const team = `counted-${++runs}`;
      const nameOf = (step: Step) => `${runs}-${step.name}`;
      await addTeam(team);
      let purged = NONE;
      for (const step of sequence) {
        if (step.act === "delete") {
          purged = plus(purged, await purgedBy(sessionId(nameOf(step))));
          await env.INDEX_DB.prepare("DELETE FROM sessions WHERE id = ?")
            .bind(sessionId(nameOf(step)))
            .run();
        } else {
          const record = session(nameOf(step), {
            teamId: team,
            version: step.version,
            lastAccessed: NOW + step.lastedMs,
            ...(step.end && ended(step.end)),
          });
          expect(await projectSession(database, record, [], [])).toEqual({ ok: true });
        }
        expect(await countersOf(team)).toEqual({ live: await recount(team), purged });
      }
    }),
    { numRuns: 60 },
  );
});

describe("stats", () => {
  test("of a team without sessions, or of none, are zeros", async () => {
    await addTeam("quiet");
    const zeros = {
      totalSessions: 0,
      activeSessions: 0,
      expiredSessions: 0,
      terminatedSessions: 0,
      averageSessionDuration: 0,
    };
    expect(await sessionStats(database, "quiet")).toEqual(zeros);
    expect(await sessionStats(database, "no such team")).toEqual(zeros);
  });

  test("count by status, with the mean duration in seconds, and keep what was purged", async () => {
    await addTeam("busy");
    const lasted = (minutes: number) => ({ teamId: "busy", lastAccessed: NOW + minutes * 60_000 });
    for (const record of [
      session("busy-1", lasted(20)),
      session("busy-2", { ...lasted(40), ...ended("idle") }),
      session("busy-3", { ...lasted(0), ...ended("absolute") }),
      session("busy-4", { ...lasted(10), ...ended("terminated") }),
      session("busy-5", { ...lasted(30), ...ended("erased") }),
    ]) {
      await projectSession(database, record, [], []);
    }
    const stats = {
      totalSessions: 5,
      activeSessions: 1,
      expiredSessions: 2,
      terminatedSessions: 2,
      averageSessionDuration: 1_200,
    };
    expect(await sessionStats(database, "busy")).toEqual(stats);
    await env.INDEX_DB.exec("DELETE FROM sessions WHERE team_id = 'busy' AND status <> 'active'");
    expect(await sessionStats(database, "busy")).toEqual(stats);
  });

  test("of one team know nothing of another's sessions", async () => {
    await addTeam("one");
    await addTeam("other");
    await projectSession(database, session("one-1", { teamId: "one" }), [], []);
    expect(await sessionStats(database, "one")).toMatchObject({ totalSessions: 1 });
    expect(await sessionStats(database, "other")).toMatchObject({ totalSessions: 0 });
  });

  test("a session cannot move to another team", async () => {
    await addTeam("one");
    await addTeam("other");
    await projectSession(database, session("settled", { teamId: "one" }), [], []);
    await expect(
      env.INDEX_DB.prepare("UPDATE sessions SET team_id = 'other' WHERE id = ?")
        .bind(sessionId("settled"))
        .run(),
    ).rejects.toThrow("a session stays with its team");
  });
});
