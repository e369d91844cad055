// One run of the cleanup, whoever asks for it: what alarms missed and what failures left behind. Bounded; what it does not
// get to the next run does; and two at once do no more than one. Part by part, so that one that fails stops no other.
import { log } from "../../log.ts";
import type { CleanupResult } from "../../protocol/lifecycle.ts";
import { addCleanupRun } from "../../session-index/cleanup-runs.ts";
import { sessionsDatabases, teamsDatabase } from "../../session-index/databases.ts";
import { IndexError } from "../../session-index/errors.ts";
import { RUN_MS } from "./bounds.ts";
import { sweepBucket } from "./bucket-sweep.ts";
import { dueSessions } from "./due-sessions.ts";
import { deleteOutdated } from "./outdated-rows.ts";
import { sweepHangingRows, sweepSessions } from "./row-sweeps.ts";
import { NOTHING, sum, type Work } from "./work.ts";

type Parts = Readonly<Record<string, (work: Work) => Promise<CleanupResult>>>;

/** What is of one team, and what is of none too. */
const OF_A_TEAM: Parts = { dueSessions };
const OF_ALL: Parts = { dueSessions, sweepSessions, sweepHangingRows, sweepBucket, deleteOutdated };

/**
 * Cleans up the sessions of one team, or all there is. Throws `IndexError` where the index answers none of it.
 * @param now epoch milliseconds
 */
export async function cleanUp(
  env: Env,
  teamId: string | undefined,
  now: number,
): Promise<CleanupResult> {
  const startedAt = Date.now();
  const until = startedAt + RUN_MS;
  const parts = teamId === undefined ? OF_ALL : OF_A_TEAM;
  let result = NOTHING;
  let failures: unknown[] = [];
  let tried = 0;
  for (const database of sessionsDatabases(env)) {
    for (const [name, part] of Object.entries(parts)) {
      tried++;
      try {
        result = sum(result, await part({ env, database, teamId, now, until }));
      } catch (error) {
        log.error({ event: "cleanup_failed", part: name, error: String(error) });
        failures = [...failures, error];
      }
    }
  }
  if (failures.length === tried) throw failures[0];
  const done = failures.length === 0 ? result : { ...result, more: true };
  if (teamId === undefined) await note(env, startedAt, done);
  return done;
}

/** What nobody can read is no reason to do it all again. */
async function note(env: Env, startedAt: number, result: CleanupResult): Promise<void> {
  const durationMs = Date.now() - startedAt;
  log.info({ event: "cleanup", durationMs, ...result });
  try {
    await addCleanupRun(teamsDatabase(env), { startedAt, durationMs, result });
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    log.warn({ event: "cleanup_not_noted", error: error.message });
  }
}
