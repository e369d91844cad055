import { describe, expect, it } from "vitest";
import { reconnectDelayMs, TOO_MANY_ATTEMPT } from "../../client/core/reconnect-policy.ts";

const ALMOST_ONE = 1 - Number.EPSILON;

describe("reconnectDelayMs", () => {
  it("doubles its bound with each attempt up to the cap", () => {
    const bounds = [0, 1, 2, 3, 4, 5, 6].map((attempt) =>
      Math.round(reconnectDelayMs(attempt, true, ALMOST_ONE)),
    );
    expect(bounds).toEqual([500, 1000, 2000, 4000, 4000, 4000, 4000]);
  });

  it("takes its time once that was no restart, or the server has too many", () => {
    const bounds = [TOO_MANY_ATTEMPT - 1, TOO_MANY_ATTEMPT, 1000].map((attempt) =>
      Math.round(reconnectDelayMs(attempt, true, ALMOST_ONE)),
    );
    expect(bounds).toEqual([4000, 10_000, 10_000]);
  });

  it("spreads evenly below the bound, down to nothing", () => {
    expect(reconnectDelayMs(3, true, 0)).toBe(0);
    expect(reconnectDelayMs(3, true, 0.25)).toBe(1000);
    expect(reconnectDelayMs(3, true, 0.5)).toBe(2000);
  });

  it("is in less of a hurry where nobody looks", () => {
    expect(Math.round(reconnectDelayMs(20, false, ALMOST_ONE))).toBe(60_000);
  });
});
