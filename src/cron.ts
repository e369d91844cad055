// What runs on a schedule, and by hand for whoever operates the deployment.
import { RUNS_PER_SCHEDULE } from "./operations/cleanup/bounds.ts";
import { cleanUp } from "./operations/cleanup/clean-up.ts";
import { resumeSome } from "./operations/event-resumption.ts";
import type { CleanupResult } from "./protocol/lifecycle.ts";
import type { Resumable } from "./session-index/webhook-failures.ts";

/**
 * One run of the cleanup over all there is, as the schedule makes it; safe at any time, beside others too. Call it again
 * while `more`. Throws `IndexError` while the index is down.
 */
export async function triggerManualCleanup(env: Env): Promise<CleanupResult> {
  return await cleanUp(env, undefined, Date.now());
}

/** The cleanup, again while there is more of it and time. */
export async function cleanUpOnSchedule(env: Env, now: number): Promise<void> {
  for (let runs = 0; runs < RUNS_PER_SCHEDULE; runs++) {
    const { more } = await cleanUp(env, undefined, now);
    if (!more) return;
  }
}

const RESUMED_PER_BATCH = 50;
const MAX_BATCHES = 20;

/** Has the objects whose teams resumed their webhooks deliver again. */
export async function resumeEvents(env: Env): Promise<void> {
  let last: Resumable | undefined;
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const resumed = await resumeSome(env, { teamId: undefined, last, limit: RESUMED_PER_BATCH });
    last = resumed.at(-1);
    if (resumed.length < RESUMED_PER_BATCH) return;
  }
}
