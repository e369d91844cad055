/** The epoch of the index: a session that was projected in an earlier one projects all of itself again. */
export function indexEpoch(env: Pick<Env, "INDEX_EPOCH">): number {
  return Number(env.INDEX_EPOCH ?? 0);
}
