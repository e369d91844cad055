const BASE_MS = 500;
const VISIBLE_CAP_MS = 10_000;
const HIDDEN_CAP_MS = 60_000;

/** A connection that stayed up this long starts the count of attempts anew. */
export const STABLE_AFTER_MS = 5_000;

/** Where the count begins when the server closed with "too many". */
export const TOO_MANY_ATTEMPT = 4;

/**
 * How long to wait before attempt number `attempt` (0 is the first after a loss): full jitter, evenly between nothing and
 * an exponential bound, so that clients which lost the same server do not come back together.
 *
 * @param random in [0, 1)
 */
export function reconnectDelayMs(attempt: number, visible: boolean, random: number): number {
  const capMs = visible ? VISIBLE_CAP_MS : HIDDEN_CAP_MS;
  return random * Math.min(capMs, BASE_MS * 2 ** attempt);
}
