import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { forgottenAt, RATE_WINDOW_MS, type RateState, take } from "../../src/domain/rate-limit.ts";

const START = 1_790_000_000_000;

/** A limit, and attempts with the time since the last. */
const floods = fc.record({
  limit: fc.integer({ min: 1, max: 50 }),
  steps: fc.array(
    fc.record({
      gapMs: fc.oneof(fc.constantFrom(0, 1, 59_999, 60_000, 60_001), fc.nat(70_000), fc.nat(500)),
      cost: fc.integer({ min: 1, max: 60 }),
    }),
    { minLength: 1, maxLength: 400 },
  ),
});

interface Admitted {
  readonly at: number;
  readonly cost: number;
  readonly windowStart: number;
}

function admit({ limit, steps }: { limit: number; steps: readonly Step[] }): Admitted[] {
  let state: RateState | undefined;
  let now = START;
  const admitted: Admitted[] = [];
  for (const { gapMs, cost } of steps) {
    now += gapMs;
    const taken = take(state, limit, now, cost);
    state = taken.state;
    if (taken.allowed) {
      admitted.push({ at: now, cost: Math.min(cost, limit), windowStart: state.windowStart });
    }
  }
  return admitted;
}

interface Step {
  readonly gapMs: number;
  readonly cost: number;
}

const sum = (admitted: readonly Admitted[]) => admitted.reduce((all, { cost }) => all + cost, 0);

describe("a flood", () => {
  test("gets no more than the limit in a window", () => {
    fc.assert(
      fc.property(floods, (flood) => {
        const windows = Map.groupBy(admit(flood), ({ windowStart }) => windowStart);
        for (const admitted of windows.values()) {
          expect(sum(admitted)).toBeLessThanOrEqual(flood.limit);
        }
      }),
    );
  });

  test("gets no more than twice the limit in any minute", () => {
    fc.assert(
      fc.property(floods, (flood) => {
        const admitted = admit(flood);
        for (const { at } of admitted) {
          const minute = admitted.filter(
            (other) => other.at >= at && other.at < at + RATE_WINDOW_MS,
          );
          expect(sum(minute)).toBeLessThanOrEqual(2 * flood.limit);
        }
      }),
    );
  });

  test("gets the limit and no more where it is spread evenly over many minutes", () => {
    const limit = 60;
    const steps = Array.from({ length: 10_000 }, () => ({ gapMs: 100, cost: 1 }));
    const minutes = (steps.length * 100) / RATE_WINDOW_MS;
    const admitted = sum(admit({ limit, steps }));
    expect(admitted).toBeLessThanOrEqual(limit * (minutes + 1));
    expect(admitted).toBeGreaterThan(limit * minutes * 0.9);
  });
});

describe("a refusal", () => {
  test("tells the very millisecond from which the same is admitted", () => {
    fc.assert(
      fc.property(floods, ({ limit, steps }) => {
        let state: RateState | undefined;
        let now = START;
        for (const { gapMs, cost } of steps) {
          now += gapMs;
          const { allowed, state: after, retryAfterMs } = take(state, limit, now, cost);
          state = after;
          expect(retryAfterMs > 0).toBe(!allowed);
          if (allowed) continue;
          expect(take(state, limit, now + retryAfterMs, cost).allowed).toBe(true);
          expect(take(state, limit, now + retryAfterMs - 1, cost).allowed).toBe(false);
          expect(retryAfterMs).toBeLessThanOrEqual(2 * RATE_WINDOW_MS);
        }
      }),
    );
  });

  test("takes nothing", () => {
    const { state } = take(undefined, 2, START, 2);
    const refused = take(state, 2, START + 10, 1);
    expect(refused).toEqual({ allowed: false, state, retryAfterMs: expect.any(Number) });
  });
});

test("a cost beyond the limit counts as all of it", () => {
  const first = take(undefined, 10, START, 100);
  expect(first).toMatchObject({ allowed: true, state: { current: 10 } });
  expect(take(first.state, 10, START + 1, 1).allowed).toBe(false);
});

test("the window before counts by the share that is left of the last minute", () => {
  const { state } = take(undefined, 100, START, 80);
  // A quarter into the next window three quarters of 80 count.
  const later = START + RATE_WINDOW_MS * 1.25;
  expect(take(state, 100, later, 41).allowed).toBe(false);
  expect(take(state, 100, later, 40).allowed).toBe(true);
});

test("a clock that is set back admits no more, and blocks no longer than a clock that runs", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), (backMs) => {
      const { state } = take(undefined, 5, START, 5);
      const refused = take(state, 5, START - backMs, 1);
      expect(refused.allowed).toBe(false);
      expect(refused.retryAfterMs).toBeLessThanOrEqual(2 * RATE_WINDOW_MS);
      const after = START - backMs + refused.retryAfterMs;
      expect(take(refused.state, 5, after, 1).allowed).toBe(true);
    }),
  );
});

test("what is forgotten is as if it had never been", () => {
  const { state } = take(undefined, 5, START, 5);
  const at = forgottenAt(state);
  expect(take(state, 5, at, 5)).toEqual(take(undefined, 5, at, 5));
});
