import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MemoryStorage, messages } from "./fake-environment.ts";
import { FakeServer, PREFIX, pass, Tab } from "./fake-tab.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

const ITEM = `${PREFIX}log`;

function serverWith(count: number, content = (seq: number) => `message ${seq}`): FakeServer {
  const server = new FakeServer();
  for (let seq = 1; seq <= count; seq += 1) {
    server.say({ content: content(seq) });
  }
  return server;
}

/** The storage of a browser that has seen all of it. */
async function seen(server: FakeServer): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  const tab = new Tab(storage, "S1");
  tab.connect(server);
  await pass(1_000);
  tab.crash();
  return storage;
}

describe("the end of the transcript", () => {
  it("is there at once after a reload, and only what came since is asked for", async () => {
    const server = serverWith(3);
    const storage = await seen(server);
    server.say({ content: "since" });
    const tab = new Tab(storage, "S1");
    expect(tab.contents).toEqual(["message 1", "message 2", "message 3"]);
    expect(tab.state).toMatchObject({ synced: false, older: "none" });
    const [first] = tab.state.messages;
    tab.connect(server);
    expect(tab.resumedWith).toBe("after=3");
    expect(tab.contents).toEqual(["message 1", "message 2", "message 3", "since"]);
    expect(tab.state.messages[0]).toBe(first);
  });

  it("is found when the session's id is learned later, and is no other session's", async () => {
    const storage = await seen(serverWith(3));
    const tab = new Tab(storage);
    expect(tab.contents).toEqual([]);
    tab.connect(serverWith(3));
    expect(tab.resumedWith).toBe("after=3");
    expect(new Tab(storage, "S2").contents).toEqual([]);
  });

  it("is shown of the default conversation alone, before anybody has told which that is", async () => {
    const server = serverWith(1);
    server.say({ conversationId: "C2", content: "elsewhere" });
    const tab = new Tab(await seen(server), "S1");
    expect(tab.state).toMatchObject({ session: undefined, conversationId: "C1" });
    expect(tab.contents).toEqual(["message 1"]);
  });

  it("is the newest 50 messages, and the others are older history", async () => {
    const tab = new Tab(await seen(serverWith(120)), "S1");
    expect(tab.contents).toHaveLength(50);
    expect(tab.contents[0]).toBe("message 71");
    expect(tab.state.older).toBe("more");
    await tab.replica.loadOlder(async (before) => {
      expect(before).toBe(71);
      return { messages: [] };
    });
    expect(tab.state.older).toBe("none");
  });

  it("takes little room", async () => {
    const storage = await seen(serverWith(20, () => "x".repeat(9_000)));
    expect(storage.items.get(ITEM)?.length).toBeLessThan(101_000);
    expect(new Tab(storage, "S1").contents).toHaveLength(10);
  });

  it("goes on from what its reader may not see", async () => {
    const storage = new MemoryStorage();
    const tab = new Tab(storage, "S1");
    tab.connect(new FakeServer());
    tab.hear({ type: "messages", from: 0, to: 9, messages: serverWith(2).log });
    await pass(1_000);
    expect(new Tab(storage, "S1").replica.resumeQuery()).toBe("after=9");
  });

  it("is written seldom, and only where somebody looks", async () => {
    const storage = new MemoryStorage();
    const writes = vi.spyOn(storage, "setItem");
    const tab = new Tab(storage, "S1");
    const server = serverWith(1);
    tab.connect(server);
    for (let count = 0; count < 20; count += 1) {
      server.say({});
      await pass(100);
    }
    await pass(1_000);
    expect(writes.mock.calls.length).toBeLessThanOrEqual(3);
    writes.mockClear();
    await pass(10_000);
    tab.replica.persist();
    tab.isVisible = false;
    server.say({ content: "unseen" });
    await pass(10_000);
    expect(writes).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
    tab.replica.persist();
    expect(new Tab(storage, "S1").contents.at(-1)).toBe("unseen");
  });

  it("does not hold what was taken back", async () => {
    const server = serverWith(2, (seq) => `secret ${seq}`);
    const storage = new MemoryStorage();
    const tab = new Tab(storage, "S1");
    tab.connect(server);
    await pass(1_000);
    tab.isVisible = false;
    tab.hear({ type: "redacted", messageId: "M2", seq: 2 });
    expect(storage.items.get(ITEM)).not.toContain("secret 2");
    expect(new Tab(storage, "S1").state.messages).toMatchObject([
      { content: "secret 1", redacted: false },
      { content: "", redacted: true },
    ]);
  });

  it("loses with the next connection what was taken back meanwhile", async () => {
    const server = serverWith(2, (seq) => `secret ${seq}`);
    const storage = await seen(server);
    const tab = new Tab(storage, "S1");
    expect(tab.contents).toContain("secret 1");
    tab.connect(server, { type: "redacted", messageId: "M1", seq: 1 });
    expect(tab.contents).toEqual(["", "secret 2"]);
    expect(storage.items.get(ITEM)).not.toContain("secret 1");
  });

  it("is forgotten on demand, with all else that was written or was to be", async () => {
    const storage = await seen(serverWith(2));
    const before = new Tab(storage, "S0");
    before.write("unsent");
    before.replica.bury("expired");
    const tab = new Tab(storage, "S1");
    tab.connect(serverWith(2));
    tab.disconnect();
    tab.write("queued");
    tab.replica.forget("invalid_credential");
    await pass(10_000);
    tab.replica.persist();
    expect(storage.length).toBe(0);
  });

  it("begins anew where too much came since", async () => {
    const tab = new Tab(await seen(serverWith(3)), "S1");
    tab.connect(new FakeServer(), { type: "truncated", firstSeq: 901 }, messages(900, 902));
    expect(tab.contents).toEqual(["message 901", "message 902"]);
  });

  it("is nothing where storage has garbage", () => {
    const message = { key: "a", seq: 1, role: "user", content: "", createdAt: 0 };
    const good = { sessionId: "S1", base: 0, last: 2, messages: [message] };
    const garbage = [
      "{",
      "null",
      { ...good, base: "0" },
      { ...good, last: null },
      { ...good, messages: {} },
      { ...good, messages: [message, message] },
      { ...good, messages: [{ ...message, role: "somebody" }] },
      { ...good, messages: [{ ...message, content: undefined }] },
    ];
    const opened = (value: unknown) => {
      const storage = new MemoryStorage();
      storage.setItem(ITEM, typeof value === "string" ? value : JSON.stringify(value));
      return new Tab(storage, "S1").replica.resumeQuery();
    };
    expect(opened(good)).toBe("after=2");
    for (const value of garbage) {
      expect(opened(value)).toMatch(/^tail=/);
    }
  });
});
