import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ApiError } from "../../../client/server/api-error.ts";
import { LONGEST_RETRY_AFTER_SECONDS, retryDelayMs } from "../../../client/server/retry-policy.ts";

function failed(status: number | undefined, retryAfterSeconds?: number): ApiError {
  return new ApiError({
    code: "x",
    message: "",
    status,
    errors: [],
    retryAfterSeconds,
    cause: undefined,
  });
}

const first = (error: ApiError, repeatable: boolean) =>
  retryDelayMs(error, { attempt: 1, repeatable, random: 0 });

describe("a call is sent again", () => {
  test.each([
    [undefined, true],
    [200, true],
    [307, false],
    [404, false],
    [409, false],
    [422, false],
    [429, true],
    [500, true],
    [503, true],
  ])("after %s where it may take effect twice: %s", (status, isRepeated) => {
    expect(first(failed(status), true) !== undefined).toBe(isRepeated);
  });

  test.each([
    [undefined, false],
    [429, true],
    [503, false],
  ])("after %s where it may not: %s", (status, isRepeated) => {
    expect(first(failed(status), false) !== undefined).toBe(isRepeated);
  });

  test("never before the server wants it, nor after more than five seconds beyond", () => {
    const attempt = fc.integer({ min: 1, max: 50 });
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(
        attempt,
        random,
        fc.nat(LONGEST_RETRY_AFTER_SECONDS),
        (attempt, random, after) => {
          const delayMs = retryDelayMs(failed(503, after), { attempt, repeatable: true, random });
          expect(delayMs).toBeGreaterThan(after * 1000);
          expect(delayMs).toBeLessThanOrEqual(after * 1000 + 5_000);
        },
      ),
    );
  });

  test("not at all where the server wants a longer pause", () => {
    expect(first(failed(429, LONGEST_RETRY_AFTER_SECONDS + 1), true)).toBeUndefined();
  });
});
