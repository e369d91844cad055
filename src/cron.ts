// What alarms missed, found by the index: sessions that should have ended long ago, and those whose events somebody has
// resumed; and what has served its time in the index. Bounded work a run, the longest overdue first.
import { log } from "./log.ts";
import { resumeSome } from "./operations/event-resumption.ts";
import { sessionStub } from "./operations/session-access.ts";
import { sessionsDatabases, teamsDatabase } from "./session-index/databases.ts";
import { deleteExpiredIdentityTokens } from "./session-index/identity-tokens.ts";
import { deleteExpiredOperatorTokens } from "./session-index/operator-tokens.ts";
import { type Overdue, overdueSessions } from "./session-index/read.ts";
import type { Resumable } from "./session-index/webhook-failures.ts";

/** The index may be an hour behind a busy session, and an alarm is given time to be late. */
const LATE_MS = 2 * 3_600_000;

const BATCH = 50;
const MAX_BATCHES = 20;

/** Asks the objects of overdue sessions to see to themselves. Returns how many were asked. */
export async function reconcileOverdue(env: Env, now: number): Promise<number> {
  let asked = 0;
  for (const database of sessionsDatabases(env)) {
    let last: Overdue | undefined;
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const before = now - LATE_MS;
      const overdue = await overdueSessions(database, { before, last, limit: BATCH });
      await reconcile(env, overdue);
      asked += overdue.length;
      last = overdue.at(-1);
      if (overdue.length < BATCH) break;
    }
  }
  return asked;
}

async function reconcile(env: Env, overdue: readonly Overdue[]): Promise<void> {
  const answers = await Promise.allSettled(
    overdue.map(({ id }) => sessionStub(env, id).reconcile()),
  );
  for (const answer of answers) {
    if (answer.status === "fulfilled") continue;
    log.error({ event: "reconcile_failed", error: String(answer.reason) });
  }
}

/** Has the objects whose teams resumed their webhooks deliver again. */
export async function resumeEvents(env: Env): Promise<void> {
  let last: Resumable | undefined;
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const resumed = await resumeSome(env, { teamId: undefined, last, limit: BATCH });
    last = resumed.at(-1);
    if (resumed.length < BATCH) return;
  }
}

const EXPIRED_BATCH = 1000;

/** Deletes tokens of operators and marks of used identity tokens that have expired. */
export async function deleteExpired(env: Env, now: number): Promise<void> {
  const database = teamsDatabase(env);
  for (const deleteSome of [deleteExpiredOperatorTokens, deleteExpiredIdentityTokens]) {
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const deleted = await deleteSome(database, { now, limit: EXPIRED_BATCH });
      if (deleted < EXPIRED_BATCH) break;
    }
  }
}
