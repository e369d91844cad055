import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asConversations, batchesOf, importItems } from "../../client/core/legacy-batches.ts";
import type { LegacyConversation } from "../../client/core/legacy-source.ts";
import {
  MAX_CONTENT_BYTES,
  MAX_IMPORT_BODY_BYTES,
  MAX_MESSAGE_BYTES,
} from "../../src/protocol/limits.ts";
import { importSchema } from "../../src/schemas/import.ts";

const NOW = Date.parse("2026-05-01T12:00:00.000Z");

/** As the server would come to see them. */
function calls(conversations: readonly LegacyConversation[]) {
  return [...batchesOf(importItems(conversations, NOW))].map((batch) => ({
    conversations: asConversations(batch),
  }));
}

const bytes = (value: unknown) =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value)).length;

const said = (content: string, fields: object = {}) => ({
  id: "1",
  role: "user" as const,
  content,
  createdAt: NOW - 1,
  ...fields,
});

const one = (...messages: LegacyConversation["messages"]) => [{ id: "c", messages }];

function imported(...messages: LegacyConversation["messages"]) {
  return importItems(one(...messages), NOW).map(({ message }) => message);
}

const id = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 400 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom("", "\uD800", "\uD801", "a#2") },
  { weight: 1, arbitrary: fc.string({ minLength: 120, maxLength: 140, unit: "binary" }) },
  // Told apart only by what a shortened one would have lost.
  { weight: 1, arbitrary: fc.integer().map((from) => `${from}${"x".repeat(130)}`) },
  { weight: 1, arbitrary: fc.integer().map((end) => `${"x".repeat(130)}${end}`) },
);

const content = fc.oneof(
  { weight: 60, arbitrary: fc.string({ maxLength: 20, unit: "binary" }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom("a", '"', "\u0001", "\uD800", "ä", "😀", "€"),
        fc.integer({ min: 1, max: 60_000 }),
      )
      .map(([character, times]) => character.repeat(times)),
  },
);

const createdAt = fc.oneof(
  fc.double(),
  fc.integer({ min: Date.UTC(2010), max: Date.UTC(2040) }),
  fc.string(),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
);

const message = fc.record({
  id,
  role: fc.constantFrom("user" as const, "assistant" as const),
  content,
  createdAt,
});

function profile(maxConversations: number, maxMessages: number) {
  const messages = fc.array(message, { maxLength: maxMessages, size: "max" });
  return fc
    .uniqueArray(fc.record({ id, messages }), {
      selector: (conversation) => conversation.id,
      maxLength: maxConversations,
      size: "max",
    })
    .map((all) =>
      all.map((conversation, place) => ({
        ...conversation,
        // Each says something of its own, to be found again.
        messages: conversation.messages.map((one, index) => ({
          ...one,
          content: `<${place}.${index}>${one.content}`,
        })),
      })),
    );
}

const conversations = fc.oneof(profile(130, 2), profile(3, 250));

describe("what is sent", () => {
  it("is all that there is, in order, in calls that the server takes", () => {
    fc.assert(
      fc.property(conversations, (all) => {
        const bodies = calls(all);
        const ids = new Set<string>();
        const texts = new Map<string, string>();
        for (const body of bodies) {
          expect(importSchema.safeParse(body).error).toBeUndefined();
          expect(bytes(body)).toBeLessThanOrEqual(MAX_IMPORT_BODY_BYTES);
          for (const conversation of body.conversations) {
            const home = conversation.id.toWellFormed();
            for (const message of conversation.messages) {
              expect(bytes(message.content)).toBeLessThanOrEqual(MAX_CONTENT_BYTES);
              expect(bytes(message)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES - 1_024);
              const key = JSON.stringify([home, message.id.toWellFormed()]);
              if (!ids.has(key)) {
                ids.add(key);
                texts.set(home, (texts.get(home) ?? "") + message.content);
              }
            }
          }
        }
        expect(texts.size).toBeLessThanOrEqual(100);
        const sent = [...texts.values()];
        for (const { messages } of all.filter((conversation) => conversation.messages.length > 0)) {
          const text = messages.map((message) => message.content).join("");
          const at = sent.findIndex((whole) => whole.includes(text));
          expect(at).toBeGreaterThanOrEqual(0);
          sent[at] = sent[at]?.replace(text, () => "") ?? "";
        }
        expect(sent.join("")).toBe("");
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });

  it("is the same whenever the same is read", () => {
    fc.assert(
      fc.property(conversations, (all) => {
        expect(calls(all)).toEqual(calls(structuredClone(all)));
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });
});

describe("a message", () => {
  it("keeps its time; without one, or with one that lies ahead, it has the present's", () => {
    const times = [
      NOW - 5,
      "2025-04-02T11:12:00+02:00",
      NOW + 5,
      "whenever",
      Number.NaN,
      1_700_000_000,
      Number.POSITIVE_INFINITY,
    ];
    const messages = times.map((createdAt, index) => said("text", { id: `${index}`, createdAt }));
    const present = new Date(NOW).toISOString();
    expect(imported(...messages).map(({ createdAt }) => createdAt)).toEqual([
      new Date(NOW - 5).toISOString(),
      "2025-04-02T09:12:00.000Z",
      ...Array.from({ length: 5 }, () => present),
    ]);
  });

  it("that is neither the visitor's nor an answer, or is empty, is left where it is", () => {
    const other = { role: "system" } as unknown as { role: "user" };
    const none = { content: undefined } as unknown as { content: string };
    expect(imported(said("a", other), said("b", none), said(""))).toEqual([]);
  });

  it("without a word is taken with its file", () => {
    const file = { url: "https://files.example/a", name: "a" };
    expect(imported(said("", { attachments: [file] }))).toMatchObject([
      { content: "", attachments: [file] },
    ]);
  });

  it("has its files as far as the server takes them, and the addresses of others in its text", () => {
    const attachments = [
      {
        url: "https://files.example/a",
        name: "n".repeat(300),
        type: "text/plain; x=1",
        size: -1,
        more: 1,
      },
      { url: "http://files.example/b", name: "b" },
      { url: "data:text/plain,c", name: "c" },
      { url: "no address", name: "d" },
      { url: "https://files.example/e", name: "", type: "text/plain", size: 3 },
    ];
    expect(imported(said("look", { attachments }))).toEqual([
      {
        id: "1",
        role: "user",
        content: "look\nhttp://files.example/b",
        createdAt: new Date(NOW - 1).toISOString(),
        attachments: [
          { url: "https://files.example/a", name: "n".repeat(255) },
          {
            url: "https://files.example/e",
            name: "https://files.example/e",
            type: "text/plain",
            size: 3,
          },
        ],
      },
    ]);
  });

  it("with more files than one takes becomes several", () => {
    const attachments = Array.from({ length: 23 }, (_, index) => ({
      url: `https://files.example/${index}`,
      name: `${index}`,
    }));
    const several = imported(said("look", { attachments }), said("next", { id: "1#2" }));
    expect(several.map(({ content }) => content)).toEqual(["look", "", "", "next"]);
    expect(several.flatMap((message) => message.attachments ?? [])).toEqual(attachments);
    expect(new Set(several.map((message) => message.id)).size).toBe(4);
  });

  it("of an id that an other one in the conversation has is not taken for it", () => {
    const [first, again, other] = imported(said("a"), said("a"), said("b"));
    expect(again?.id).toBe(first?.id);
    expect(other?.id).not.toBe(first?.id);
  });
});

describe("conversations", () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      id: `c${index}`,
      // The last is the oldest.
      messages: [said(`text ${index}`, { createdAt: NOW - 1_000 - index })],
    }));

  it("beyond what a session holds go into one, the youngest", () => {
    const homes = importItems(many(103), NOW).map(({ conversationId }) => conversationId);
    expect(homes.slice(0, 4)).toEqual(["c3", "c3", "c3", "c3"]);
    expect(new Set(homes).size).toBe(100);
    expect(homes.slice(4)).toEqual(
      many(103)
        .slice(4)
        .map((conversation) => conversation.id),
    );
  });

  it("stay where they are when another one is begun", () => {
    const before = importItems(many(103), NOW);
    const begun = { id: "new", messages: [said("new", { createdAt: NOW })] };
    expect(importItems([begun, ...many(103)], NOW).slice(1)).toEqual(before);
  });
});
