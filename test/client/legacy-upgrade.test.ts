import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSessionClient } from "../../client/core/client.ts";
import type { SessionClientOptions } from "../../client/core/session-client.ts";
import type { ImportRequest } from "../../src/protocol/import.ts";
import { BASE_URL, settle, sync, TOKEN } from "./fake-client.ts";
import type { Answer } from "./fake-environment.ts";
import { FakeEnvironment, MemoryStorage, message, session } from "./fake-environment.ts";

const KEY = "old-chat";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function oldBrowser(): MemoryStorage {
  const storage = new MemoryStorage();
  storage.setItem(KEY, JSON.stringify(["Do you ship to Norway?"]));
  return storage;
}

const IMPORTED: Answer = { status: 200, body: { imported: 1, skipped: 0 } };

/** @param answer what becomes of an import */
async function load(
  storage: MemoryStorage,
  answer: () => Answer | Promise<Answer>,
  options: Partial<SessionClientOptions> = {},
  invite?: string,
) {
  const environment = new FakeEnvironment(storage);
  environment.invite = invite;
  const imports: ImportRequest[] = [];
  environment.respond = async ({ path, body }) => {
    if (path.endsWith("/import")) {
      imports.push(body as ImportRequest);
      return await answer();
    }
    const [, id] = /sessions\/(S\d+)/.exec(path) ?? [];
    const fields = {
      isValid: true,
      session: session(id ? { id } : {}),
      ticket: "T",
      role: "writer",
    };
    return { status: 200, body: { ...fields, token: TOKEN } };
  };
  const read = () => ({
    conversations: JSON.parse(storage.getItem(KEY) ?? "[]").map((content: string) => ({
      id: "old",
      messages: [{ id: content, role: "user", content, createdAt: 0 }],
    })),
  });
  const client = createSessionClient({
    baseUrl: BASE_URL,
    teamId: "demo",
    environment,
    legacy: { id: "old", keys: [KEY], read },
    ...options,
  });
  client.start();
  await loaded();
  return { client, environment, imports, legacy: () => client.getState().legacy };
}

/** The importing half is loaded when it is needed, in real time. */
async function loaded(): Promise<void> {
  await import("../../client/core/legacy-import.ts");
  for (let turn = 0; turn < 5; turn += 1) {
    await vi.dynamicImportSettled();
    await settle();
  }
}

describe("what an older program left", () => {
  it("is in the session before anything else can be said there", async () => {
    let resolve = (_: Answer) => {};
    const answered = new Promise<Answer>((done) => {
      resolve = done;
    });
    const tab = await load(oldBrowser(), () => answered);
    expect([tab.legacy(), tab.environment.sockets.length]).toEqual(["running", 0]);
    resolve(IMPORTED);
    await loaded();
    expect([tab.legacy(), tab.environment.sockets.length]).toEqual(["done", 1]);
    expect(tab.imports).toMatchObject([
      { conversations: [{ messages: [{ content: "Do you ship to Norway?" }] }] },
    ]);
  });

  it("keeps nobody waiting for more than ten seconds", async () => {
    const tab = await load(oldBrowser(), () => new Promise(() => undefined));
    await vi.advanceTimersByTimeAsync(9_000);
    expect(tab.environment.sockets).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(tab.environment.sockets).toHaveLength(1);
    expect(tab.legacy()).toBe("running");
  });

  it("is nothing, mostly", async () => {
    const tab = await load(new MemoryStorage(), () => IMPORTED);
    expect([tab.legacy(), tab.imports.length]).toEqual(["none", 0]);
  });

  it("is tried again where the server was not reached, with the connection as it is", async () => {
    let answer: Answer = "down";
    const tab = await load(oldBrowser(), () => answer);
    expect([tab.legacy(), tab.environment.sockets.length]).toEqual(["waiting", 1]);
    answer = IMPORTED;
    sync(tab.environment.socket, 0);
    for (let passed = 0; passed < 30; passed += 5) {
      await vi.advanceTimersByTimeAsync(5_000);
      tab.environment.socket.text("pong");
    }
    await loaded();
    expect([tab.legacy(), tab.environment.sockets.length]).toEqual(["done", 1]);
  });

  it("stays as it is where the session takes nothing, until the next load", async () => {
    const storage = oldBrowser();
    const text = storage.getItem(KEY);
    const tab = await load(storage, () => ({ status: 409, body: { code: "import_closed" } }));
    sync(tab.environment.socket, 0);
    tab.environment.signal("returned");
    tab.environment.socket.close(1006);
    await vi.advanceTimersByTimeAsync(60_000);
    await loaded();
    expect([tab.legacy(), tab.imports.length]).toEqual(["refused", 1]);
    expect([...storage.items.keys()].filter((key) => key.startsWith(KEY))).toEqual([KEY]);
    expect(storage.getItem(KEY)).toBe(text);
    tab.client.stop();
    const next = await load(storage, () => IMPORTED);
    expect([next.legacy(), next.imports.length]).toEqual(["done", 1]);
  });

  it("is looked for again when somebody comes back to the page", async () => {
    const storage = oldBrowser();
    const tab = await load(storage, () => IMPORTED);
    sync(tab.environment.socket, 0);
    storage.setItem(KEY, JSON.stringify(["Do you ship to Norway?", "Hello?"]));
    tab.environment.signal("returned");
    await loaded();
    expect(tab.imports).toHaveLength(2);
  });

  it("that cannot be read now does not stand in the chat's way", async () => {
    const storage = oldBrowser();
    const legacy = {
      id: "old",
      keys: [KEY],
      read: () => Promise.reject(new Error("the database is locked")),
    };
    const tab = await load(storage, () => IMPORTED, { legacy });
    expect([tab.legacy(), tab.environment.sockets.length]).toEqual(["waiting", 1]);
  });

  it("begins a session where one is made only when it is needed", async () => {
    const lazy = { autoCreate: "lazy" as const };
    const storage = oldBrowser();
    const tab = await load(storage, () => IMPORTED, lazy);
    expect(tab.legacy()).toBe("done");
    const without = await load(new MemoryStorage(), () => IMPORTED, lazy);
    expect(without.client.getState().status).toBe("idle");
    const never = await load(oldBrowser(), () => IMPORTED, { autoCreate: false });
    expect(never.client.getState().status).toBe("idle");
  });

  it("is this browser's own, and no guest's", async () => {
    const tab = await load(oldBrowser(), () => IMPORTED, {}, "secret");
    expect([tab.legacy(), tab.imports.length]).toEqual(["none", 0]);
  });

  it("is not written anew into a session that takes the place of this one", async () => {
    const storage = oldBrowser();
    const tab = await load(storage, () => IMPORTED);
    const brought = message(1, { role: "user", imported: true, content: "brought along" });
    const said = message(2, { role: "user", clientId: "k", content: "said here" });
    sync(tab.environment.socket, 2, {
      type: "messages",
      from: 0,
      to: 2,
      messages: [brought, said],
    });
    const rival = { generation: 0, sessionId: "S0", token: "S0.C1.secret", beganAt: 1 };
    storage.setItem("durable-sessions/demo/session", JSON.stringify(rival));
    tab.environment.signal("returned");
    await loaded();
    expect(tab.client.getState().sessionId).toBe("S0");
    expect(tab.client.getState().messages.map(({ content }) => content)).toEqual(["said here"]);
  });
});
