import fc from "fast-check";
import { expect, test } from "vitest";
import {
  SESSION_ID_PATTERN,
  SESSION_ID_RANDOM_BYTES,
  sessionIdBody,
  splitSessionId,
} from "../../src/domain/session-id.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

test("what goes into an id comes out of it, and it is 32 characters of base64url", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 255 }),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      bytes(SESSION_ID_RANDOM_BYTES),
      bytes(8),
      (keyVersion, teamNumber, random, tag) => {
        const body = sessionIdBody(keyVersion, teamNumber, random);
        const id = new Uint8Array([...body, ...tag]);

        expect(splitSessionId(id)).toEqual({ keyVersion, teamNumber, body, tag });
        expect(body.subarray(5)).toEqual(random);
        expect(Buffer.from(id).toString("base64url")).toMatch(SESSION_ID_PATTERN);
      },
    ),
  );
});

test("the parts are where the contract has them", () => {
  const body = sessionIdBody(7, 0x01020304, new Uint8Array(11).fill(9));
  expect([...body]).toEqual([7, 1, 2, 3, 4, ...Array.from({ length: 11 }, () => 9)]);
});

test("a view into a larger buffer is taken apart by its own bytes", () => {
  const whole = new Uint8Array(40).fill(255);
  whole.set([1, 0, 0, 0, 2], 8);
  const parts = splitSessionId(whole.subarray(8, 32));
  expect(parts).toMatchObject({ keyVersion: 1, teamNumber: 2 });
});

test.each([0, 23, 25, 32])("%i bytes are no id", (length) => {
  expect(splitSessionId(new Uint8Array(length))).toBeUndefined();
});

test.each([
  "",
  "a".repeat(31),
  "a".repeat(33),
  `${"a".repeat(31)}+`,
  `${"a".repeat(31)}=`,
  `${"a".repeat(32)}\n`,
  `${"a".repeat(31)}\u00e4`,
])("%j does not look like an id", (text) => {
  expect(text).not.toMatch(SESSION_ID_PATTERN);
});
