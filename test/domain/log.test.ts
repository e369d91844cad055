import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { historyStart, isTooLarge } from "../../src/domain/log.ts";
import {
  MAX_CONTENT_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_METADATA_BYTES,
  WINDOW_BYTES,
} from "../../src/protocol/limits.ts";
import type { Message } from "../../src/protocol/message.ts";

describe("where a joining reader's history begins", () => {
  /** A log of messages of these sizes. */
  function log(sizes: readonly number[]) {
    const totals: number[] = [];
    for (const size of sizes) totals.push((totals.at(-1) ?? 0) + size);
    return {
      head: { lastSeq: sizes.length, totalBytes: totals.at(-1) ?? 0 },
      bytesUpTo: (seq: number) => {
        if (!Number.isInteger(seq) || seq < 0 || seq > sizes.length) throw new Error(`seq ${seq}`);
        return totals[seq - 1] ?? 0;
      },
    };
  }

  test("is what it asked for, or the newest window's worth, as counting from the front finds it", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: MAX_MESSAGE_BYTES }), {
      maxLength: 80,
      size: "max",
    });
    fc.assert(
      fc.property(sizes, fc.nat(100), (drawn, after) => {
        const { head, bytesUpTo } = log(drawn);
        let expected = Math.min(after, head.lastSeq);
        while (head.totalBytes - bytesUpTo(expected) > WINDOW_BYTES) expected++;
        expect(historyStart(after, head, bytesUpTo)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  test("asks about few messages of a long log", () => {
    const size = 1024;
    const lastSeq = 1_000_000;
    let asked = 0;
    const start = historyStart(0, { lastSeq, totalBytes: lastSeq * size }, (seq) => {
      asked++;
      return seq * size;
    });
    expect(start).toBe(lastSeq - WINDOW_BYTES / size);
    expect(asked).toBeLessThan(25);
  });

  test("is the end for one who has everything, or claims to have more", () => {
    const { head, bytesUpTo } = log([10, 10, 10]);
    expect(historyStart(3, head, bytesUpTo)).toBe(3);
    expect(historyStart(1_000_000, head, bytesUpTo)).toBe(3);
    expect(historyStart(5, { lastSeq: 0, totalBytes: 0 }, log([]).bytesUpTo)).toBe(0);
  });
});

describe("what may be stored", () => {
  const message = (fields: Partial<Message> = {}): Message => ({
    id: "msg_1",
    seq: 1,
    clientId: "c",
    conversationId: "conv",
    role: "user",
    content: "Hello",
    createdAt: "2026-01-15T00:00:00.000Z",
    ...fields,
  });
  const isRefused = (fields: Partial<Message>) => {
    const whole = message(fields);
    return isTooLarge(whole, new TextEncoder().encode(JSON.stringify(whole)).length);
  };

  test("content up to its limit, counted in bytes", () => {
    expect(isRefused({ content: "x".repeat(MAX_CONTENT_BYTES) })).toBe(false);
    expect(isRefused({ content: "x".repeat(MAX_CONTENT_BYTES + 1) })).toBe(true);
    expect(isRefused({ content: "ü".repeat(MAX_CONTENT_BYTES / 2) })).toBe(false);
    expect(isRefused({ content: "ü".repeat(MAX_CONTENT_BYTES / 2 + 1) })).toBe(true);
  });

  test("metadata up to its limit, as JSON", () => {
    const overhead = JSON.stringify({ a: "" }).length;
    expect(isRefused({ metadata: { a: "x".repeat(MAX_METADATA_BYTES - overhead) } })).toBe(false);
    expect(isRefused({ metadata: { a: "x".repeat(MAX_METADATA_BYTES - overhead + 1) } })).toBe(
      true,
    );
  });

  test("only what fits a frame when it is escaped", () => {
    expect(isRefused({ content: "\u0000".repeat(8_000) })).toBe(false);
    expect(isRefused({ content: "\u0000".repeat(12_000) })).toBe(true);
  });
});
