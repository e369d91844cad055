// What the last runs of the cleanup did.
import { desc, sql } from "drizzle-orm";
import type { CleanupResult } from "../protocol/lifecycle.ts";
import type { IndexDatabase } from "./databases.ts";
import { run } from "./run.ts";
import { cleanupRuns } from "./schema.ts";

/** A week of an hourly one, and some. */
const KEPT = 200;

export interface CleanupRun {
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly result: CleanupResult;
}

/** Of two runs that began in the same millisecond one is kept. Throws `IndexError`. */
export async function addCleanupRun(database: IndexDatabase, one: CleanupRun): Promise<void> {
  await run(
    database.batch([
      database.insert(cleanupRuns).values(one).onConflictDoNothing(),
      database.delete(cleanupRuns).where(
        sql`started_at < (
          SELECT started_at FROM cleanup_runs ORDER BY started_at DESC LIMIT 1 OFFSET ${KEPT - 1})`,
      ),
    ]),
  );
}

/** The latest first. Throws `IndexError`. */
export async function lastCleanupRuns(
  database: IndexDatabase,
  limit: number,
): Promise<readonly CleanupRun[]> {
  return await run(
    database.select().from(cleanupRuns).orderBy(desc(cleanupRuns.startedAt)).limit(limit),
  );
}
