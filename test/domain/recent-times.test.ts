import fc from "fast-check";
import { expect, test } from "vitest";
import { RecentTimes } from "../../src/domain/recent-times.ts";

const WINDOW_MS = 60_000;

test("the wait is the least after which fewer than the limit lie in the window", () => {
  const steps = fc.array(
    fc.record({
      gapMs: fc.oneof(fc.nat(40_000), fc.nat(100)),
      limit: fc.integer({ min: 1, max: 9 }),
    }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(steps, (all) => {
      const recent = new RecentTimes(WINDOW_MS);
      const times: number[] = [];
      let now = 0;
      const within = (at: number) => times.filter((time) => at - time < WINDOW_MS).length;
      for (const { gapMs, limit } of all) {
        now += gapMs;
        const waitMs = recent.waitMs(limit, now);
        expect(within(now + waitMs)).toBeLessThan(limit);
        if (waitMs > 0) expect(within(now + waitMs - 1)).toBeGreaterThanOrEqual(limit);
        recent.add(now);
        times.push(now);
      }
    }),
  );
});

test("a clock that is set back makes nobody wait longer than a window", () => {
  const recent = new RecentTimes(WINDOW_MS);
  recent.add(10 * WINDOW_MS);
  expect(recent.waitMs(1, 0)).toBe(WINDOW_MS);
});
