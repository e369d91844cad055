import fc from "fast-check";
import { expect, test } from "vitest";
import { byteRange } from "../../src/domain/byte-range.ts";

const part = (offset: number, length: number) => ({ offset, length });

test.each([
  [null, undefined],
  ["bytes=0-99", part(0, 100)],
  ["bytes=0-0", part(0, 1)],
  ["bytes=10-", part(10, 90)],
  ["bytes=99-", part(99, 1)],
  ["bytes=90-1000", part(90, 10)],
  ["bytes=-10", part(90, 10)],
  ["bytes=-1000", part(0, 100)],
  ["BYTES= 1-2 ", part(1, 2)],
  ["bytes=100-", "unsatisfiable"],
  ["bytes=100-200", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  // Not understood, or nothing that has to be served: all of it.
  ["bytes=5-2", undefined],
  ["bytes=-", undefined],
  ["bytes=0-1,5-6", undefined],
  ["bytes=a-b", undefined],
  ["bytes=1e3-", undefined],
  ["items=0-1", undefined],
  ["bytes=99999999999999999999-", undefined],
  ["", undefined],
] as const)("%j of 100 bytes", (header, range) => {
  expect(byteRange(header, 100)).toEqual(range);
});

test("is always within the file", () => {
  const headers = fc
    .tuple(fc.option(fc.nat(300), { nil: "" }), fc.option(fc.nat(300), { nil: "" }))
    .map(([first, last]) => `bytes=${first}-${last}`);
  fc.assert(
    fc.property(headers, fc.integer({ min: 1, max: 200 }), (header, size) => {
      const range = byteRange(header, size);
      if (range === undefined || range === "unsatisfiable") return;
      expect(range.offset).toBeGreaterThanOrEqual(0);
      expect(range.length).toBeGreaterThan(0);
      expect(range.offset + range.length).toBeLessThanOrEqual(size);
    }),
  );
});
