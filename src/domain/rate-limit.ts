// How often something may happen in a minute, counted in two numbers however often it happens.

export const RATE_WINDOW_MS = 60_000;

/** What was admitted in the window that began at `windowStart`, and in the one before it. */
export interface RateState {
  /** Epoch milliseconds. */
  readonly windowStart: number;
  readonly current: number;
  readonly previous: number;
}

export interface Taken {
  readonly allowed: boolean;
  /** To be kept where `allowed`; a refusal changes nothing that counts. */
  readonly state: RateState;
  /** 0 where allowed; else after how long the same would be, if nobody else takes anything. */
  readonly retryAfterMs: number;
}

/**
 * Takes `cost` if the estimate of the last 60 s stays within `limit`: the current window's count and, of the window
 * before, the share that still lies within the last 60 s, as if it had been spread evenly (the sliding-window counter of
 * https://blog.cloudflare.com/counting-things-a-lot-of-different-things/). Never admits more than `limit` in one of its
 * windows, nor more than twice that in any 60 s. Windows begin with the first thing taken, so that limits do not all
 * open on the same second. A cost beyond `limit` counts as all of it.
 * @param cost a whole number, ≥ 1
 */
export function take(
  before: RateState | undefined,
  limit: number,
  now: number,
  cost: number,
): Taken {
  const state = roll(before, now);
  const taken = Math.min(cost, limit);
  const elapsed = now - state.windowStart;
  const room = limit - taken - state.current;
  if (fits(state.previous, elapsed, room)) {
    const after = { ...state, current: state.current + taken };
    return { allowed: true, state: after, retryAfterMs: 0 };
  }
  const opensAt =
    room >= 0
      ? elapsedUntilFit(state.previous, room)
      : RATE_WINDOW_MS + elapsedUntilFit(state.current, limit - taken);
  return { allowed: false, state, retryAfterMs: opensAt - elapsed };
}

/** From when on `state` says nothing any more. */
export function forgottenAt({ windowStart }: RateState): number {
  return windowStart + 2 * RATE_WINDOW_MS;
}

/** The state as of `now`. A clock that was set back begins a window anew with what was counted, and so admits no more. */
function roll(state: RateState | undefined, now: number): RateState {
  if (state === undefined) return { windowStart: now, current: 0, previous: 0 };
  const windows = Math.floor((now - state.windowStart) / RATE_WINDOW_MS);
  if (windows < 0) return { ...state, windowStart: now };
  if (windows === 0) return state;
  if (windows > 1) return { windowStart: now, current: 0, previous: 0 };
  return { windowStart: state.windowStart + RATE_WINDOW_MS, current: 0, previous: state.current };
}

/** Whether the rest of `previous` fits into `room`; in whole numbers, so that no rounding decides. */
function fits(previous: number, elapsed: number, room: number): boolean {
  return previous * (RATE_WINDOW_MS - elapsed) <= room * RATE_WINDOW_MS;
}

/** How far into its window `previous` has shrunk to `room`. */
function elapsedUntilFit(previous: number, room: number): number {
  if (previous <= room) return 0;
  return RATE_WINDOW_MS - Math.floor((room * RATE_WINDOW_MS) / previous);
}
