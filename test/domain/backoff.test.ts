import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs } from "../../src/domain/backoff.ts";
import { HOUR_MS } from "./records.ts";

test("doubles from a second to an hour", () => {
  const longest = [1, 2, 3, 4, 12, 13, 14, 1_000_000].map((attempt) => backoffMs(attempt, 1));
  expect(longest).toEqual([1_000, 2_000, 4_000, 8_000, 2_048_000, HOUR_MS, HOUR_MS, HOUR_MS]);
});

test("takes a random half off, so that objects that failed together come back apart", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, random) => {
        const wait = backoffMs(attempt, random);
        expect(wait).toBeGreaterThanOrEqual(backoffMs(attempt, 1) / 2);
        expect(wait).toBeLessThanOrEqual(backoffMs(attempt, 1));
      },
    ),
  );
  expect(backoffMs(5, 0)).toBe(8_000);
  expect(backoffMs(5, 0.5)).toBe(12_000);
});
