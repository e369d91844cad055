const BASE_MS = 500;
/** A server that restarts is away for some seconds: whoever looks at the page is back within five of its return. */
const RESTART_CAP_MS = 4_000;
const VISIBLE_CAP_MS = 10_000;
const HIDDEN_CAP_MS = 60_000;

/** A connection that stayed up this long starts the count of attempts anew. */
export const STABLE_AFTER_MS = 5_000;

/** From here on it is no restart, about 20 seconds after the loss. The count goes here when the server closes with "too many". */
export const TOO_MANY_ATTEMPT = 12;

/**
 * How long to wait before attempt number `attempt` (0 is the first after a loss): full jitter, evenly between nothing and
 * an exponential bound, so that clients which lost the same server do not come back together.
 *
 * @param random in [0, 1)
 */
export function reconnectDelayMs(attempt: number, visible: boolean, random: number): number {
  const visibleCapMs = attempt < TOO_MANY_ATTEMPT ? RESTART_CAP_MS : VISIBLE_CAP_MS;
  return random * Math.min(visible ? visibleCapMs : HIDDEN_CAP_MS, BASE_MS * 2 ** attempt);
}
