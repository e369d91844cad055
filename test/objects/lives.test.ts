// Whole lives of sessions, drawn at random, with whatever may go wrong at any call: in the end the object, D1 and R2 are
// what they have to be. A life that fails is lived again by its seed alone: LIVES_SEED=<seed>. `LIVES=5000` lives more.
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { call, newTeam, things } from "../support/api.ts";
import { DAY_MS, MINUTE_MS } from "../support/clock.ts";
import type { Policy } from "../support/http-api.ts";
import { killObject } from "../support/object-of.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";
import { lives, type Steps } from "./lives/commands.ts";
import { compareAll, countersOf } from "./lives/comparison.ts";
import { comeToRest } from "./lives/mishaps.ts";
import { type LivesTeam, World } from "./lives/world.ts";

/** `first-last`, or one number. */
const [firstSeed = 1, lastSeed = firstSeed] = (env.LIVES_SEED || `1-${env.LIVES}`)
  .split("-")
  .map(Number);
const SEEDS = Array.from({ length: lastSeed - firstSeed + 1 }, (_, index) => firstSeed + index);

/** How long what is said is kept, by policy. */
const POLICIES: readonly Policy[] = [
  {},
  { archiveAfterDays: 1, retentionDays: 40 },
  { archiveAfterDays: 0, retentionDays: 10 },
  { archiveAfterDays: 30, retentionDays: 5 },
  { archiveAfterDays: 0, retentionDays: 0 },
];

let teams: LivesTeam[];

beforeAll(async () => {
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
  // No alarm comes by itself: all are later than the clock of the machine.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + DAY_MS });
  teams = await Promise.all(
    POLICIES.map(async (policy) => {
      const made = await things.team(await newTeam(policy));
      const response = await call(`/api/admin/teams/${made.teamId}`, { bearer: TEST_ADMIN_TOKEN });
      const { team } = await response.json<{ team: LivesTeam["policy"] }>();
      return { ...made, policy: team };
    }),
  );
});

afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let lived = 0;

async function live(seed: number, steps: Steps, history: string[]): Promise<void> {
  const team = teams[seed % teams.length];
  if (team === undefined) throw new Error("there are some");
  history.length = 0;
  const world = new World(team, `life${++lived}`, seed, history);
  try {
    const before = await countersOf(world);
    // Some begin while the index fails.
    if (seed % 4 === 0) world.faults.rates = { index: 0.7, bucket: 0 };
    while (world.sessions.length === 0) {
      // That nobody could tell of a team is remembered for a while.
      vi.setSystemTime(Date.now() + MINUTE_MS);
      await world.step("create", () => world.create());
    }
    await fc.asyncModelRun(() => ({ model: world.sessions, real: world }), steps);
    await compareAll(world, await comeToRest(world, 0));
    const { rows, purged } = await countersOf(world);
    expect(rows + purged).toBe(before.purged + world.sessions.length);
    // Some go through it all in time, of others nobody looks until the end of all.
    const { idleDays, archiveAfterDays, retentionDays } = team.policy;
    if (seed % 4 > 0) {
      const archived = await comeToRest(world, (idleDays + archiveAfterDays + 1) * DAY_MS);
      await compareAll(world, archived);
    }
    const gone = await comeToRest(world, (idleDays + retentionDays + 1) * DAY_MS);
    await compareAll(world, gone);
    const after = await countersOf(world);
    expect(after).toEqual({ rows: 0, purged: before.purged + world.sessions.length });
    await nothingIsLeft(world);
  } finally {
    world.close();
  }
}

/** The next life begins in an empty world, but for the memory of those that were. */
async function nothingIsLeft({ sessions }: World): Promise<void> {
  expect((await env.BUCKET.list()).objects).toEqual([]);
  for (const { id } of sessions) await killObject(id);
  await env.INDEX_DB.batch(
    ["audit_events", "purged", "cleanup_runs"].map((table) =>
      env.INDEX_DB.prepare(`DELETE FROM ${table}`),
    ),
  );
}

/** Longer than any life takes. */
const PATIENCE_MS = 30_000;

/** What a life comes to that comes to no end. */
async function hung() {
  await scheduler.wait(PATIENCE_MS);
  const errorInstance = new Error("it comes to no end");
  return { failed: true, counterexample: null, errorInstance } as const;
}

test("whatever happens in its life, a session is all there until it is all gone", {
  timeout: 3_600_000,
}, async () => {
  for (const seed of SEEDS) {
    const history: string[] = [];
    const property = fc.asyncProperty(lives, (steps) => live(seed, steps, history));
    // One that is lived again by itself is cut down to what it takes to fail.
    const parameters = { seed, numRuns: 1, unbiased: true, endOnFailure: SEEDS.length > 1 };
    const { failed, counterexample, errorInstance } = await Promise.race([
      fc.check(property, parameters),
      hung(),
    ]);
    if (!failed) continue;
    const reason = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
    const message = [`LIVES_SEED=${seed}`, ...history, counterexample?.[0], reason];
    throw new Error(message.join("\n"), { cause: errorInstance });
  }
});
