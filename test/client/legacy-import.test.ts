/** What an older program may have left: anything. Nothing of it may keep the rest from being taken over. */
import { describe, expect, it } from "vitest";
import type { SessionCall } from "../../client/core/chat.ts";
import { importLegacy } from "../../client/core/legacy-import.ts";
import type { LegacyConversation } from "../../client/core/legacy-source.ts";
import { createShelf } from "../../client/core/shelf.ts";
import type { ImportRequest } from "../../src/protocol/import.ts";
import { MAX_CONVERSATIONS_PER_SESSION, MAX_MESSAGE_BYTES } from "../../src/protocol/limits.ts";
import { importSchema } from "../../src/schemas/import.ts";
import { MemoryStorage } from "./fake-environment.ts";

const NOW = Date.UTC(2026, 0, 15);
const KEY = "old-chats";

/** Takes over what `stored` says, and returns the calls that it took; each has to be one that the server takes. */
async function imported(stored: unknown): Promise<ImportRequest[]> {
  const storage = new MemoryStorage();
  storage.setItem(KEY, JSON.stringify(stored));
  const requests: ImportRequest[] = [];
  await importLegacy({
    source: { id: "old", keys: [KEY], read: () => JSON.parse(storage.getItem(KEY) ?? "") },
    storage,
    shelf: createShelf(storage, "durable-sessions/demo/", () => undefined),
    call: (async (_method, _path, body) => {
      requests.push(importSchema.parse(JSON.parse(JSON.stringify(body))));
      return { imported: 1, skipped: 0 };
    }) as SessionCall,
    now: () => NOW,
  });
  expect(storage.getItem(`${KEY}.durable-sessions-backup`)).toBe(JSON.stringify(stored));
  return requests;
}

async function messagesOf(messages: readonly unknown[]) {
  const requests = await imported({ conversations: [{ id: "a", messages }] });
  return requests.flatMap(({ conversations }) => conversations.flatMap(({ messages }) => messages));
}

const FINE = { id: "fine", role: "user", content: "fine", createdAt: NOW };
const FILE = { url: "https://files.example/a.pdf", name: "a.pdf" };

describe("a message that is none", () => {
  it.each([
    ["says nothing", { ...FINE, id: "x", content: "" }],
    ["has no id", { ...FINE, id: "" }],
    ["has no name for an id", { ...FINE, id: null }],
    ["is nobody's", { ...FINE, id: "x", role: "operator" }],
    ["is null", null],
    ["is a text", "hello"],
  ])("is left out where it %s, and the others are taken", async (_what, message) => {
    const taken = await messagesOf([FINE, message, { ...FINE, id: "too" }]);
    expect(taken.map(({ id }) => id)).toEqual(["fine", "too"]);
  });
});

const UNNAMED = { url: FILE.url, name: FILE.url };

describe("a file of a message", () => {
  it.each([
    ["null in place of all", null],
    ["an object in place of all", {}],
    ["null", [null]],
    ["no address", [{ name: "a.pdf" }]],
    ["an address that is none", [{ ...FILE, url: "https://" }]],
    ["a number for an address", [{ ...FILE, url: 7 }]],
    ["a script", [{ ...FILE, url: "javascript:alert(1)" }]],
    ["data", [{ ...FILE, url: "data:text/html,x" }]],
    ["an address in clear", [{ ...FILE, url: "http://files.example/a.pdf" }]],
    ["too long an address", [{ ...FILE, url: `https://files.example/${"x".repeat(2048)}` }]],
  ])("is left out where it is %s", async (_what, attachments) => {
    expect(await messagesOf([{ ...FINE, attachments }])).toEqual([
      { ...FINE, createdAt: new Date(NOW).toISOString() },
    ]);
  });

  it("goes without what is wrong about it", async () => {
    const odd = { ...FILE, name: "n".repeat(300), type: "pdf", size: -1, own: "field" };
    const [message] = await messagesOf([{ ...FINE, attachments: [odd, { url: FILE.url }] }]);
    expect(message?.attachments).toEqual([{ url: FILE.url, name: "n".repeat(255) }, UNNAMED]);
  });
});

describe("what is too much for one message, or one session", () => {
  it("becomes several, as JSON has it", async () => {
    const content = '"\n'.repeat(15_000);
    const attachments = Array.from({ length: 12 }, (_, index) => ({
      url: `https://files.example/${index}/${"x".repeat(1_900)}`,
      name: "a.pdf",
    }));
    const taken = await messagesOf([{ ...FINE, content, attachments }]);
    expect(taken.map((message) => message.content).join("")).toBe(content);
    expect(taken[0]?.attachments?.length).toBeGreaterThan(1);
    for (const message of taken) {
      const bytes = new TextEncoder().encode(JSON.stringify(message)).length;
      expect(bytes).toBeLessThan(MAX_MESSAGE_BYTES - 1_024);
    }
  });

  it("leaves the oldest conversations where they are", async () => {
    const conversations: LegacyConversation[] = Array.from({ length: 130 }, (_, index) => ({
      id: `c${index}`,
      messages: [{ id: "m", role: "user", content: "x", createdAt: NOW }],
    }));
    const requests = await imported({ conversations });
    const ids = requests.flatMap((request) => request.conversations.map(({ id }) => id));
    expect(ids).toHaveLength(MAX_CONVERSATIONS_PER_SESSION);
    expect(ids.at(-1)).toBe("c129");
  });
});
