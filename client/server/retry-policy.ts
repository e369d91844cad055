import type { ApiError } from "./api-error.ts";

const BASE_MS = 200;
const CAP_MS = 5_000;

/** A server that asks for longer than this is answered with the error: whoever called knows better what to do meanwhile. */
export const LONGEST_RETRY_AFTER_SECONDS = 30;

/**
 * How long to wait before the same call is sent again, in milliseconds; undefined when it is not to be: for a failure
 * that would only repeat itself, and where the call may have taken effect and must not twice. Half of an exponential
 * bound and a random part of its other half, and never less than the server asked for.
 *
 * @param attempt calls that failed so far, ≥ 1
 * @param repeatable whether the call may take effect twice without harm
 * @param random in [0, 1)
 */
export function retryDelayMs(
  error: ApiError,
  { attempt, repeatable, random }: { attempt: number; repeatable: boolean; random: number },
): number | undefined {
  // What was refused as too much has certainly not taken effect.
  if (!error.retryable || !(repeatable || error.status === 429)) return undefined;
  const { retryAfterSeconds = 0 } = error;
  if (retryAfterSeconds > LONGEST_RETRY_AFTER_SECONDS) return undefined;
  const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** (attempt - 1));
  return retryAfterSeconds * 1000 + ceiling / 2 + (ceiling / 2) * random;
}
