import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BEGINNING,
  endOf,
  isHandOver,
  type Life,
  occurrences,
  positionBefore,
  seqAt,
} from "../../src/domain/event-order.ts";
import { isoTime } from "../../src/domain/view.ts";
import type { Message } from "../../src/protocol/message.ts";

type Step = "message" | "import" | "hand-over" | "identify" | "end";

interface History {
  readonly life: Life;
  readonly messages: readonly Message[];
}

/** What is stored after `steps`, one a second from 1 s on; the second identification and all after the end is none. */
function after(steps: readonly Step[]): History {
  let life: Life = {
    createdAt: 1000,
    identifiedAfterSeq: null,
    identifiedAt: null,
    endedAt: null,
    lastSeq: 0,
  };
  const messages: Message[] = [];
  steps.forEach((step, index) => {
    const now = 2000 + 1000 * index;
    if (life.endedAt !== null) return;
    if (step === "end") life = { ...life, endedAt: now };
    else if (step === "identify") {
      if (life.identifiedAt === null) {
        life = { ...life, identifiedAfterSeq: life.lastSeq, identifiedAt: now };
      }
    } else {
      const seq = life.lastSeq + 1;
      life = { ...life, lastSeq: seq };
      messages.push({
        id: `msg_${seq}`,
        seq,
        conversationId: "conv",
        role: step === "hand-over" ? "system" : "user",
        content: "",
        createdAt: isoTime(now),
        ...(step === "import" && { imported: true as const }),
        ...(step === "hand-over" && { metadata: { conversation: { id: "conv" } } }),
      });
    }
  });
  return { life, messages };
}

const all = ({ life, messages }: History) => occurrences(life, messages, BEGINNING, endOf(life));
const summary = (history: History) => all(history).map(({ type, position }) => [type, position]);

const histories = fc.array(
  fc.constantFrom<Step>("message", "message", "import", "hand-over", "identify", "end"),
  { maxLength: 12 },
);

test("each has its place", () => {
  expect(summary(after(["identify", "message", "hand-over", "end"]))).toEqual([
    ["session.created", 1],
    ["session.identified", 2],
    ["message.created", 4],
    ["message.created", 8],
    ["conversation.updated", 9],
    ["session.ended", 11],
  ]);
});

test("of what was imported nobody hears, and what comes after it has the place that it would have anyway", () => {
  expect(summary(after(["import", "message", "import", "end"]))).toEqual([
    ["session.created", 1],
    ["message.created", 8],
    ["session.ended", 15],
  ]);
});

test("what happens later comes above all that there was: a listener at its end misses nothing", () => {
  fc.assert(
    fc.property(histories, (steps) => {
      for (let count = 1; count <= steps.length; count++) {
        const [before, now] = [after(steps.slice(0, count - 1)), after(steps.slice(0, count))];
        const news = occurrences(now.life, now.messages, endOf(before.life), endOf(now.life));
        expect([...all(before), ...news].map(({ position }) => position)).toEqual(
          all(now).map(({ position }) => position),
        );
      }
    }),
  );
});

test("cut anywhere, it is the same in pieces", () => {
  fc.assert(
    fc.property(histories, fc.array(fc.nat(60), { maxLength: 5 }), (steps, cuts) => {
      const history = after(steps);
      const { life, messages } = history;
      const bounds = [BEGINNING, ...cuts.sort((a, b) => a - b), endOf(life)]
        .map((at) => Math.min(at, endOf(life)))
        .sort((a, b) => a - b);
      const pieces = bounds.slice(1).flatMap((to, index) => {
        const from = bounds[index] ?? BEGINNING;
        // Only the messages that a page of that piece has.
        const some = messages.filter(({ seq }) => seq > seqAt(from - 1) && seq <= seqAt(to));
        return occurrences(life, some, from, to);
      });
      expect(pieces).toEqual(all(history));
    }),
  );
});

test("a time is before the first of what happened then or later", () => {
  fc.assert(
    fc.property(histories, fc.integer({ min: 0, max: 16 }), (steps, second) => {
      const history = after(steps);
      const { life, messages } = history;
      const since = second * 1000;
      const first = messages.find(({ createdAt }) => Date.parse(createdAt) >= since)?.seq;
      const from = positionBefore(life, since, first);
      const expected = all(history).filter((one) =>
        "message" in one ? Date.parse(one.message.createdAt) >= since : one.at >= since,
      );
      expect(occurrences(life, messages, from, endOf(life))).toEqual(expected);
    }),
  );
});

describe("a hand-over", () => {
  const conversation = { id: "conv", status: "open", handledBy: "operator" };

  test.each([
    ["what the system says of a conversation", "system", { conversation }, true],
    ["what somebody else says", "assistant", { conversation }, false],
    ["another word of the system", "system", { conversations: conversation }, false],
    ["no object", "system", { conversation: "conv" }, false],
    ["a list", "system", { conversation: [conversation] }, false],
    ["nothing", "system", undefined, false],
  ] as const)("is, or is not: %s", (_, role, metadata, expected) => {
    const message = { role, ...(metadata && { metadata }) } as unknown as Message;
    expect(isHandOver(message)).toBe(expected);
  });
});
