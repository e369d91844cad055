/** The cleanup as it is asked for: who may, what it tells, and that it can be asked at any time and as often as one likes. */
import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ROWS_COMPARED, RUN_MS } from "../../../src/operations/cleanup/bounds.ts";
import type { CleanupResult } from "../../../src/protocol/lifecycle.ts";
import { lastCleanupRuns } from "../../../src/session-index/cleanup-runs.ts";
import { teamsDatabase } from "../../../src/session-index/databases.ts";
import worker, { triggerManualCleanup } from "../../../src/worker.ts";
import { call, newSession, newTeam, newTeamKey } from "../../support/api.ts";
import { DAY_MS } from "../../support/clock.ts";
import { breakIndexCalls } from "../../support/index-database.ts";
import { refusal } from "../../support/problem.ts";
import { BOUND_CALLER, TEST_ADMIN_TOKEN } from "../../support/test-env.ts";
import { countersOf, rowsOfPurged, sleeper, sleepers, statusOf } from "./mess.ts";

const start = Date.UTC(2027, 5, 1);
const late = start + 31 * DAY_MS;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
  vi.spyOn(console, "info").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const ask = (bearer: string) => call("/api/sessions/cleanup", { bearer, body: {} });

async function cleaned(bearer: string): Promise<CleanupResult> {
  const response = await ask(bearer);
  expect(response.status).toBe(200);
  return await response.json<CleanupResult>();
}

test("a team's key cleans up its team, and the administrator's token all", async () => {
  const [ours, theirs] = [await newTeam(), await newTeam()];
  const [mine, other] = [await sleepers(ours, 3), await sleepers(theirs, 2)];
  const key = await newTeamKey(ours, ["admin"]);
  vi.setSystemTime(late);
  expect(await cleaned(key)).toEqual({
    expiredSessions: 3,
    archivedConversations: 0,
    archivedFiles: 0,
    purgedSessions: 0,
    removedOrphans: 0,
    repairedRows: 0,
    more: false,
  });
  for (const { session } of mine) expect(await statusOf(session.id)).toBe("expired");
  for (const { session } of other) expect(await statusOf(session.id)).toBe("active");
  expect(await cleaned(TEST_ADMIN_TOKEN)).toMatchObject({ expiredSessions: 2, more: false });
  for (const { session } of other) expect(await statusOf(session.id)).toBe("expired");
});

test("a team that asks too often waits", async () => {
  const key = await newTeamKey(await newTeam(), ["admin"]);
  for (let asked = 0; asked < 30; asked++) await cleaned(key);
  expect(await refusal(await ask(key))).toBe("429 rate_limited");
});

test("so do a binding, for its team, and whoever runs the Worker", async () => {
  await call("/api/admin/teams", {
    bearer: TEST_ADMIN_TOKEN,
    body: { id: BOUND_CALLER.teamId, name: "Bound" },
  });
  const [bound, other] = [await sleeper(BOUND_CALLER.teamId), await sleeper(await newTeam())];
  vi.setSystemTime(late);
  const called = env.CALLING_WORKER.call("SESSIONS_FOR_admin", "cleanupExpiredSessions");
  expect(await called).toMatchObject({ ok: true, expiredSessions: 1, more: false });
  expect(await statusOf(bound.session.id)).toBe("expired");
  expect(await statusOf(other.session.id)).toBe("active");
  expect(await triggerManualCleanup(env)).toMatchObject({ expiredSessions: 1, more: false });
});

test("a run does a bounded part, and on schedule it goes on while there is more", async () => {
  const teamId = await newTeam();
  await rowsOfPurged(teamId, 360, start);
  const { session } = await sleeper(teamId);
  vi.setSystemTime(late + 1_000);
  // Another millisecond for each run: by that they are told apart.
  const broken = breakIndexCalls(() => {
    vi.setSystemTime(Date.now() + 1);
    return false;
  });
  const controller = createScheduledController({ scheduledTime: new Date(late) });
  await worker.scheduled(controller, env);
  broken.restore();
  expect(await statusOf(session.id)).toBe("expired");
  const runs = (await lastCleanupRuns(teamsDatabase(env), 2)).map(({ result }) => result);
  expect(runs.map(({ more }) => more)).toEqual([false, true]);
  expect(runs[1]?.removedOrphans).toBeLessThanOrEqual(350 + ROWS_COMPARED);
  expect(runs.reduce((sum, { removedOrphans }) => sum + removedOrphans, 0)).toBe(360);
  const [kept, counted] = await countersOf(teamId);
  expect(kept).toEqual(counted);
  expect(kept).toMatchObject({ total: 1, idle: 1 });
}, 90_000);

test("a run that has had its time begins nothing more, and the next one goes on there", async () => {
  const teamId = await newTeam();
  await rowsOfPurged(teamId, 120, start);
  const key = await newTeamKey(teamId, ["admin"]);
  vi.setSystemTime(late);
  const broken = breakIndexCalls((calls) => {
    if (calls === 20) vi.setSystemTime(Date.now() + RUN_MS);
    return false;
  });
  const parts: CleanupResult[] = [await cleaned(key)];
  broken.restore();
  expect(parts[0]?.more).toBe(true);
  expect(parts[0]?.removedOrphans).toBeLessThan(50);
  do parts.push(await cleaned(key));
  while (parts.at(-1)?.more === true);
  // What the first one had no time for comes round again.
  parts.push(await cleaned(key));
  expect(parts.reduce((sum, { removedOrphans }) => sum + removedOrphans, 0)).toBe(120);
});

test("twice at once does it once", async () => {
  const teamId = await newTeam();
  const overdue = await sleepers(teamId, 20);
  const { session: fresh } = await newSession(teamId);
  await rowsOfPurged(teamId, 30, start);
  vi.setSystemTime(start + 29 * DAY_MS);
  const alive = await newSession(teamId);
  vi.setSystemTime(late);
  const key = await newTeamKey(teamId, ["admin"]);
  const done = await Promise.all([
    cleaned(TEST_ADMIN_TOKEN),
    cleaned(key),
    triggerManualCleanup(env),
  ]);
  const expired = done.reduce((sum, { expiredSessions }) => sum + expiredSessions, 0);
  expect(expired).toBe(21);
  for (const { session } of overdue) expect(await statusOf(session.id)).toBe("expired");
  expect(await statusOf(fresh.id)).toBe("expired");
  expect(await statusOf(alive.session.id)).toBe("active");
  const [kept, counted] = await countersOf(teamId);
  expect(kept).toEqual(counted);
  expect(await triggerManualCleanup(env)).toMatchObject({ expiredSessions: 0, removedOrphans: 0 });
});

test("the last 200 runs are kept", async () => {
  for (let run = 0; run < 203; run++) {
    vi.setSystemTime(late + run);
    await env.INDEX_DB.prepare(
      "INSERT OR IGNORE INTO cleanup_runs (started_at, duration_ms, result) VALUES (?, 1, '{}')",
    )
      .bind(late + run)
      .run();
  }
  vi.setSystemTime(late + DAY_MS);
  await triggerManualCleanup(env);
  const { results } = await env.INDEX_DB.prepare(
    "SELECT started_at FROM cleanup_runs ORDER BY started_at DESC",
  ).all<{ started_at: number }>();
  expect(results).toHaveLength(200);
  expect(results[0]?.started_at).toBe(late + DAY_MS);
});
