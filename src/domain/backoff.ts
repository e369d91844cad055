const FIRST_MS = 1_000;
const CAP_MS = 3_600_000;

/**
 * How long to wait before try `attempt` + 1, in milliseconds: doubling from one second to an hour, of which a random
 * half is taken ("equal jitter"), so that objects that failed together do not come back together.
 * @param attempt tries that failed so far, ≥ 1
 * @param random in [0, 1)
 */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(CAP_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 30));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
