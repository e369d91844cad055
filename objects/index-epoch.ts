// The epoch of the index: raised when the index was lost, so that each session brings all of itself when it next wakes.
import type { StoredSession } from "./session-row.ts";

/** The epoch that is configured. */
export function indexEpoch(env: Pick<Env, "INDEX_EPOCH">): number {
  return Number(env.INDEX_EPOCH ?? 0);
}

/** Whether the session was last projected whole into an index that is no more. */
export function isOfEarlierEpoch(
  { indexEpoch: projectedIn }: Pick<StoredSession, "indexEpoch">,
  env: Pick<Env, "INDEX_EPOCH">,
): boolean {
  return projectedIn < indexEpoch(env);
}
