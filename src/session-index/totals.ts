// Over all teams.
import { count, sum } from "drizzle-orm";
import type { SessionTotals } from "../protocol/metrics.ts";
import type { IndexDatabase } from "./databases.ts";
import { run } from "./run.ts";
import { teamCounters, webhookFailures } from "./schema.ts";

/** From the teams' counters, a row each. Throws `IndexError`. */
export async function sessionTotals(database: IndexDatabase): Promise<SessionTotals> {
  const row = await run(
    database
      .select({
        there: sum(teamCounters.total).mapWith(Number),
        idle: sum(teamCounters.idle).mapWith(Number),
        absolute: sum(teamCounters.absolute).mapWith(Number),
        terminated: sum(teamCounters.terminated).mapWith(Number),
        erased: sum(teamCounters.erased).mapWith(Number),
        purged: sum(teamCounters.purgedTotal).mapWith(Number),
        purgedIdle: sum(teamCounters.purgedIdle).mapWith(Number),
        purgedAbsolute: sum(teamCounters.purgedAbsolute).mapWith(Number),
        purgedTerminated: sum(teamCounters.purgedTerminated).mapWith(Number),
        purgedErased: sum(teamCounters.purgedErased).mapWith(Number),
      })
      .from(teamCounters)
      .get(),
  );
  const of = (column: keyof NonNullable<typeof row>) => row?.[column] ?? 0;
  const total = of("there") + of("purged");
  const expired = of("idle") + of("absolute") + of("purgedIdle") + of("purgedAbsolute");
  const terminated = of("terminated") + of("erased") + of("purgedTerminated") + of("purgedErased");
  return {
    total,
    active: total - expired - terminated,
    expired,
    terminated,
    purged: of("purged"),
  };
}

/** Of all teams' webhooks. Throws `IndexError`. */
export async function webhookFailureTotals(
  database: IndexDatabase,
): Promise<{ readonly failing: number; readonly stopped: number }> {
  const row = await run(
    database
      .select({ all: count(), stopped: count(webhookFailures.stoppedAt) })
      .from(webhookFailures)
      .get(),
  );
  const { all = 0, stopped = 0 } = row ?? {};
  return { failing: all - stopped, stopped };
}
