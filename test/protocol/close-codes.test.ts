import { expect, test } from "vitest";
import {
  CLOSE_CODES,
  closeReason,
  isFinalClose,
  retryAfterMsOf,
} from "../../src/protocol/close-codes.ts";

test("all of our close codes but resync and too many are final, and nobody else's are", () => {
  const final = Object.values(CLOSE_CODES).filter(isFinalClose);
  expect(final.sort()).toEqual([4400, 4401, 4403, 4410]);
  for (const code of [
    1000, 1001, 1005, 1006, 1009, 1011, 1012, 1013, 1015, 3000, 4408, 4429, 5000,
  ]) {
    expect(isFinalClose(code), String(code)).toBe(false);
  }
});

test("a reason carries a time, and is read as it was written", () => {
  expect(closeReason("rate_limited", 1200)).toBe("rate_limited retryAfterMs=1200");
  expect(closeReason("too_many_sockets", undefined)).toBe("too_many_sockets");
  expect(retryAfterMsOf(closeReason("rate_limited", 1200))).toBe(1200);
  for (const other of [
    "",
    "rate_limited",
    "credential revoked",
    "x retryAfterMs=",
    "x retryAfterMs=1e9",
  ]) {
    expect(retryAfterMsOf(other)).toBeUndefined();
  }
});
