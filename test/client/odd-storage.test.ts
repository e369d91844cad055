/** Any page of the origin can write to storage, and anything may stand there: nothing of it may break the chat, or stop it. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readInvited, readOwn } from "../../client/core/session-record.ts";
import type { ChatMessage } from "../../client/core/session-state.ts";
import { createShelf } from "../../client/core/shelf.ts";
import { clientIdField } from "../../src/schemas/fields.ts";
import { MemoryStorage } from "./fake-environment.ts";
import { FakeServer, outboxItems, PREFIX, pass, Tab } from "./fake-tab.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

const ODD = [null, 7, -1.5, "", "x", "\ud800", "ä\n", true, [], [null], {}, { name: {} }];

const KEPT = {
  key: "m1",
  seq: 1,
  role: "assistant",
  content: "text",
  createdAt: 1_700_000_000_000,
  attachments: [],
  conversationId: "C1",
};

/** Does with a message what pages do with it. */
function show({ createdAt, author, content, attachments, metadata }: ChatMessage): string {
  const files = attachments.map((file) => [
    Object.values(file).map(String),
    file.name.trim(),
    file.size?.toFixed(),
  ]);
  return JSON.stringify([
    new Date(createdAt).toISOString(),
    author?.name?.trim(),
    content.trim(),
    files,
    metadata?.incomplete,
  ]);
}

describe.each([...Object.keys(KEPT), "author", "metadata", "imported"])("a kept %s", (field) => {
  it.each([...ODD, 1e300])("is no trouble as %j", async (value) => {
    const storage = new MemoryStorage();
    const messages = [{ ...KEPT, [field]: value }];
    const log = { sessionId: "S1", conversationId: "C1", base: 0, last: 1, messages };
    storage.setItem(`${PREFIX}log`, JSON.stringify(log));
    const previous = { sessionId: "S0", reason: "expired", messages };
    storage.setItem(`${PREFIX}previous`, JSON.stringify(previous));
    const tab = new Tab(storage, "S1");
    const { state } = tab;
    [...state.messages, ...(state.previous?.messages ?? [])].map(show);
    const server = new FakeServer();
    server.say({ content: "from the server" });
    tab.connect(server);
    tab.state.messages.map(show);
  });
});

describe("what waits to be sent", () => {
  const MESSAGE = { clientId: "c-1", content: "text" };

  it.each(["attachments", "author", "role", "createdAt", "streaming", "clientId", "metadata"])(
    "is no trouble with an odd %s",
    async (field) => {
      for (const value of ODD) {
        const storage = new MemoryStorage();
        const message = { ...MESSAGE, [field]: value };
        const name = `${PREFIX}out/000000000000007-${message.clientId}`;
        storage.setItem(name, JSON.stringify({ message, sessionId: "S1" }));
        const tab = new Tab(storage, "S1");
        tab.state.messages.map(show);
        for (const one of tab.state.messages) {
          expect(one).toMatchObject({ role: "user", streaming: false, delivery: "queued" });
          expect(clientIdField.safeParse(one.key).success).toBe(true);
        }
      }
    },
  );

  it("is removed where its place in the line is none", async () => {
    const storage = new MemoryStorage();
    storage.setItem(`${PREFIX}out/000000000000NaN-c-1`, JSON.stringify({ message: MESSAGE }));
    const tab = new Tab(storage, "S1");
    await pass(10_000);
    expect(tab.state.messages).toEqual([]);
    expect(outboxItems(storage)).toEqual([]);
  });
});

describe("a session's record", () => {
  it.each(["token", "createKey", "sessionId"])("goes without an odd %s", (field) => {
    for (const value of ODD) {
      const storage = new MemoryStorage();
      const text = JSON.stringify({ kind: "offered", [field]: value });
      storage.setItem(`${PREFIX}session`, text);
      storage.setItem(`${PREFIX}invited`, text);
      const shelf = createShelf(storage, PREFIX, () => undefined);
      const { token, createKey, sessionId } = readOwn(shelf);
      const invited = readInvited(shelf);
      const offered = invited.kind === "offered" ? invited.token : undefined;
      for (const known of [token, createKey, sessionId, offered]) {
        expect([undefined, field === "token" ? undefined : "x"]).toContain(known);
      }
    }
  });
});
