import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isTooLarge } from "../../src/domain/log.ts";
import { StreamedText } from "../../src/domain/streamed-text.ts";
import { byteLength } from "../../src/protocol/bytes.ts";
import { MAX_CONTENT_BYTES, MAX_METADATA_BYTES } from "../../src/protocol/limits.ts";
import type { Message } from "../../src/protocol/message.ts";

const ANY_TEXT = fc.string({
  unit: fc.constantFrom("a", "é", "😀", "\ud83d", "\ude00", "\n", '"'),
});

test("in whatever pieces it comes, it is the text, well-formed at any time", () => {
  fc.assert(
    fc.property(fc.array(ANY_TEXT), (pieces) => {
      const text = new StreamedText("");
      let come = "";
      for (const piece of pieces) {
        expect(text.append(piece)).toBe(true);
        come += piece;
        expect(text.length).toBe(come.length);
        expect(text.text.isWellFormed()).toBe(true);
        // All but half a pair is there to be shown.
        expect(come.length - text.text.length).toBeLessThanOrEqual(1);
        expect(come.toWellFormed().startsWith(text.text)).toBe(true);
      }
      expect(text.complete()).toBe(come.toWellFormed());
    }),
  );
});

describe("what does not fit", () => {
  test.each([
    { title: "letters", unit: "a" },
    { title: "pairs", unit: "😀" },
    { title: "three bytes each", unit: "€" },
  ])("of $title is left out in whole code points", ({ unit }) => {
    const text = new StreamedText("");
    const fitting = Math.floor(MAX_CONTENT_BYTES / byteLength(unit));
    expect(text.append(unit.repeat(fitting))).toBe(true);
    expect(text.append(unit)).toBe(false);
    expect(text.complete()).toBe(unit.repeat(fitting));
    const atOnce = new StreamedText("");
    expect(atOnce.append(unit.repeat(fitting * 2))).toBe(false);
    expect(atOnce.complete()).toBe(unit.repeat(fitting));
  });

  test("of escapes leaves room for all else that a message may have", () => {
    const text = new StreamedText("");
    expect(text.append("\u0001".repeat(MAX_CONTENT_BYTES))).toBe(false);
    const longest = "\u0001".repeat(128);
    const message: Message = {
      id: "m".repeat(64),
      seq: Number.MAX_SAFE_INTEGER,
      clientId: "c".repeat(64),
      conversationId: "v".repeat(64),
      role: "assistant",
      author: { id: longest, name: longest, avatarUrl: "u".repeat(1024) },
      content: text.complete(),
      createdAt: new Date(0).toISOString(),
      metadata: { m: "x".repeat(MAX_METADATA_BYTES - 8) },
    };
    expect(byteLength(JSON.stringify(message.metadata))).toBe(MAX_METADATA_BYTES);
    expect(isTooLarge(message, byteLength(JSON.stringify(message)))).toBe(false);
    expect(message.content.length).toBeGreaterThan(8_000);
  });
});
