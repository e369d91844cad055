import { expect, test } from "vitest";
import { isTold, MAX_TOLD_PER_MINUTE } from "../../src/domain/sampling.ts";

test("of a flood the 1st, 2nd, 4th … are told, ten of them", () => {
  const told = Array.from({ length: 100_000 }, (_, index) => index + 1).filter(isTold);
  expect(told).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
  expect(told).toHaveLength(MAX_TOLD_PER_MINUTE);
});
