import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { beginsAs } from "../../src/domain/file-type.ts";
import { FILE_TYPES, type FileType } from "../../src/protocol/file.ts";
import { BEGINNINGS, latin, OTHERS } from "./file-beginnings.ts";

/** Types that cannot be told apart by how they begin, or of which one is the other. */
const SAME: readonly (readonly FileType[])[] = [
  ["text/plain", "text/csv"],
  ["audio/mp4", "video/mp4"],
  ["audio/webm", "video/webm"],
  FILE_TYPES.filter((type) => type === "application/zip" || type.includes("openxmlformats")),
];

const typesOf = (head: string) => FILE_TYPES.filter((type) => beginsAs(type, latin(head)));

describe.each(FILE_TYPES)("%s", (type) => {
  test("begins as such files do, and nothing else does", () => {
    for (const head of BEGINNINGS[type]) {
      const found = typesOf(head);
      expect(found).toContain(type);
      const akin = SAME.find((types) => types.includes(type)) ?? [type];
      // ASCII is text, whatever else it is.
      const asText = found.includes("text/plain") ? ["text/plain", "text/csv"] : [];
      expect([...akin, ...asText]).toEqual(expect.arrayContaining(found));
    }
  });

  test("is not begun by any part of it that is too short to tell", () => {
    for (const head of BEGINNINGS[type]) {
      for (let length = 0; length < 3; length++) {
        if (type.startsWith("text/") && length > 0) continue;
        expect(beginsAs(type, latin(head.slice(0, length)))).toBe(false);
      }
    }
  });
});

test("documents of one kind are none of another", () => {
  const office = FILE_TYPES.filter((type) => type.includes("openxmlformats"));
  for (const type of office) {
    for (const head of BEGINNINGS[type]) {
      expect(typesOf(head)).toEqual(expect.arrayContaining(["application/zip", type]));
      expect(typesOf(head)).toHaveLength(2);
    }
  }
});

test.each(OTHERS)("%s is none of them", (_, head, isText) => {
  expect(typesOf(head)).toEqual(isText ? ["text/plain", "text/csv"] : []);
});

test("a text that is cut within a character is text", () => {
  expect(beginsAs("text/plain", latin("Gr\xc3"))).toBe(true);
  expect(beginsAs("text/plain", new TextEncoder().encode("😀").subarray(0, 3))).toBe(true);
});

test("whatever the bytes, there is an answer", () => {
  const heads = fc.constantFrom(...Object.values(BEGINNINGS).flat(), "PK\x03\x04", "\0\0\0\0ftyp");
  const spoiled = fc
    .tuple(heads, fc.uint8Array({ maxLength: 64 }), fc.nat(64))
    .map(([head, bytes, at]) => {
      const spoilt = new Uint8Array([...latin(head), ...bytes]);
      spoilt.set(bytes.subarray(0, Math.max(0, spoilt.length - at)), Math.min(at, spoilt.length));
      return spoilt;
    });
  fc.assert(
    fc.property(fc.oneof(spoiled, fc.uint8Array({ maxLength: 300 })), (head) => {
      for (const type of FILE_TYPES) expect(typeof beginsAs(type, head)).toBe("boolean");
    }),
    { numRuns: 2000 },
  );
});

test("what follows the beginning changes nothing, but for text", () => {
  const picked = fc.constantFrom(...FILE_TYPES.filter((type) => !type.startsWith("text/")));
  fc.assert(
    fc.property(picked, fc.uint8Array({ maxLength: 200 }), (type, more) => {
      for (const head of BEGINNINGS[type]) {
        expect(beginsAs(type, new Uint8Array([...latin(head), ...more]))).toBe(true);
      }
    }),
  );
});
