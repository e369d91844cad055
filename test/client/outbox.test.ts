import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ADOPT_AFTER_MS } from "../../client/core/outbox.ts";
import { MAX_CONTENT_BYTES } from "../../src/protocol/limits.ts";
import { MemoryStorage } from "./fake-environment.ts";
import { FakeServer, fakeBrowser, outboxItems, PREFIX, pass, Tab } from "./fake-tab.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `message ${index}`);
}

describe("a reload", () => {
  it("keeps what was not sent, in order", async () => {
    const { storage, server, open } = fakeBrowser();
    const first = open();
    for (const content of numbered(20)) {
      first.write(content);
    }
    first.crash();
    const second = open();
    expect(second.deliveries).toEqual(numbered(20).map((content) => `${content}: queued`));
    expect(second.state.pendingCount).toBe(20);
    second.write("message 20");
    second.connect(server);
    await pass(2 * ADOPT_AFTER_MS);
    expect(second.frames.filter(({ type }) => type === "send")).toHaveLength(2);
    expect(server.contents).toEqual(numbered(21));
    expect(second.deliveries).toEqual(numbered(21).map((content) => `${content}: sent`));
    expect(outboxItems(storage)).toEqual([]);
  });

  it("between the sending and the acknowledgement sends nothing twice", async () => {
    const { storage, server, open } = fakeBrowser();
    const first = open();
    first.connect(server);
    const { clientId } = first.write("once");
    first.crash();
    await pass();
    expect(server.contents).toEqual(["once"]);
    expect(outboxItems(storage)).toHaveLength(1);
    const second = open();
    expect(second.deliveries).toEqual(["once: queued"]);
    second.connect(server);
    await pass();
    expect(second.deliveries).toEqual(["once: sent"]);
    expect(second.state.messages[0]?.key).toBe(clientId);
    expect(second.sent).toEqual([]);
    expect(outboxItems(storage)).toEqual([]);
  });

  it("leaves what was refused where it can be read and tried again", async () => {
    const { storage, server, open } = fakeBrowser();
    const first = open();
    first.connect(server);
    first.isMute = true;
    const { clientId, delivered } = first.write("refused");
    first.hear({ type: "error", code: "quota_exceeded", clientId });
    await expect(delivered).rejects.toMatchObject({ code: "quota_exceeded" });
    first.crash();
    const second = open();
    expect(second.state.messages).toMatchObject([
      { key: clientId, delivery: "failed", failure: "quota_exceeded" },
    ]);
    expect(second.state.pendingCount).toBe(0);
    second.connect(server);
    await pass();
    expect(server.contents).toEqual([]);
    second.write("other");
    second.replica.retry(clientId);
    await pass();
    expect(server.contents).toEqual(["other", "refused"]);
    expect(outboxItems(storage)).toEqual([]);
  });
});

describe("before there is a session", () => {
  it("takes messages for whichever comes first", async () => {
    const storage = new MemoryStorage();
    const tab = new Tab(storage);
    const { delivered } = tab.write("early");
    expect(tab.deliveries).toEqual(["early: queued"]);
    const server = new FakeServer("S7");
    tab.connect(server);
    await pass();
    await delivered;
    expect(server.contents).toEqual(["early"]);
  });

  it("writes down whose they are once it is there", () => {
    const storage = new MemoryStorage();
    const tab = new Tab(storage);
    tab.write("early");
    tab.connect(new FakeServer("S7"));
    tab.crash();
    expect(new Tab(storage, "S8").contents).toEqual([]);
    expect(new Tab(storage, "S7").contents).toEqual(["early"]);
  });
});

describe("another tab", () => {
  it("sends what a dead one left, once", async () => {
    const { storage, server, open } = fakeBrowser();
    const [dead, ...living] = [1, 2, 3].map(() => open());
    for (const tab of living) {
      tab.connect(server);
    }
    dead?.write("one");
    dead?.write("two");
    dead?.crash();
    expect(dead?.wrote).toBe(2);
    await pass(100);
    for (const tab of living) {
      tab.replica.outboxChanged();
    }
    await pass(ADOPT_AFTER_MS - 1_000);
    expect(living.flatMap(({ contents }) => contents)).toEqual([]);
    // Looked for while they were too young, they are looked for again.
    await pass(2 * ADOPT_AFTER_MS);
    expect(server.contents).toEqual(["one", "two"]);
    for (const tab of living) {
      expect(tab.deliveries).toEqual(["one: sent", "two: sent"]);
    }
    expect(outboxItems(storage)).toEqual([]);
    await pass(ADOPT_AFTER_MS);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("takes what a dead one wrote when the clock was fast, and does not wait for it for ever", async () => {
    const { server, open } = fakeBrowser();
    const living = open();
    vi.setSystemTime(Date.now() + 86_400_000);
    open().write("from tomorrow");
    vi.setSystemTime(Date.now() - 86_400_000);
    living.connect(server);
    await pass(2 * ADOPT_AFTER_MS);
    expect(server.contents).toEqual(["from tomorrow"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leaves to a living one what that sends itself", async () => {
    const { server, open } = fakeBrowser();
    const writer = open();
    const other = open();
    writer.connect(server);
    other.connect(server);
    writer.write("mine");
    other.replica.outboxChanged();
    await pass(2 * ADOPT_AFTER_MS);
    expect(other.sent).toEqual([]);
    expect(other.deliveries).toEqual(["mine: sent"]);
  });

  it("shows what waits, and lets go of it when the log brings it", async () => {
    const { server, open } = fakeBrowser();
    const writer = open();
    const other = open();
    writer.write("waiting");
    other.replica.outboxChanged();
    await pass(ADOPT_AFTER_MS);
    expect(other.deliveries).toEqual(["waiting: queued"]);
    writer.connect(server);
    await pass();
    other.connect(server);
    await pass();
    expect(other.sent).toEqual([]);
    expect(other.deliveries).toEqual(["waiting: sent"]);
  });

  it("does not show again what its log has, but removes it", async () => {
    const { storage, server, open } = fakeBrowser();
    const writer = open();
    const other = open();
    writer.connect(server);
    other.connect(server);
    writer.write("stored");
    writer.crash();
    await pass();
    other.replica.outboxChanged();
    await pass(ADOPT_AFTER_MS);
    expect(other.contents).toEqual(["stored"]);
    expect(other.sent).toEqual([]);
    expect(outboxItems(storage)).toEqual([]);
  });

  it("takes up a refused message that was tried again elsewhere", async () => {
    const { storage, server, open } = fakeBrowser();
    const first = open();
    first.connect(server);
    first.isMute = true;
    const { clientId } = first.write("refused");
    first.hear({ type: "error", code: "quota_exceeded", clientId });
    const second = open();
    first.disconnect();
    first.replica.retry(clientId);
    first.crash();
    second.connect(server);
    expect(second.deliveries).toEqual(["refused: failed"]);
    await pass(2 * ADOPT_AFTER_MS);
    expect(second.deliveries).toEqual(["refused: sent"]);
    expect(server.contents).toEqual(["refused"]);
    expect(outboxItems(storage)).toEqual([]);
  });
});

describe("delivery", () => {
  it("is queued without a connection, sending over one", async () => {
    const tab = new Tab(undefined, "S1");
    tab.write("one");
    expect(tab.deliveries).toEqual(["one: queued"]);
    const server = new FakeServer();
    tab.isMute = true;
    tab.connect(server);
    expect(tab.deliveries).toEqual(["one: sending"]);
    tab.disconnect();
    expect(tab.deliveries).toEqual(["one: queued"]);
    tab.isMute = false;
    tab.connect(server);
    await pass();
    expect(tab.deliveries).toEqual(["one: sent"]);
  });

  it("keeps the order while something was too much for now", async () => {
    const tab = new Tab(undefined, "S1");
    const server = new FakeServer();
    tab.connect(server);
    tab.isMute = true;
    const { clientId } = tab.write("one");
    tab.hear({ type: "error", code: "rate_limited", clientId, retryAfterMs: 20_000 });
    tab.isMute = false;
    tab.write("two");
    expect(tab.deliveries).toEqual(["one: sending", "two: queued"]);
    await pass(20_000);
    expect(server.contents).toEqual(["one", "two"]);
  });

  it("waits for a server that could not store it", async () => {
    const tab = new Tab(undefined, "S1");
    const server = new FakeServer();
    tab.connect(server);
    tab.isMute = true;
    const { clientId } = tab.write("one");
    tab.hear({ type: "error", code: "unavailable", clientId });
    tab.isMute = false;
    await pass(10_000);
    expect(server.contents).toEqual(["one"]);
  });

  it("is acknowledged by `stored`, too", async () => {
    const { storage, server, open } = fakeBrowser();
    const tab = open();
    tab.connect(server);
    tab.isMute = true;
    const { clientId, delivered } = tab.write("one");
    tab.hear({ type: "stored", items: [{ clientId, seq: 4 }] });
    await delivered;
    expect(tab.deliveries).toEqual(["one: sent"]);
    expect(tab.state.pendingCount).toBe(0);
    expect(outboxItems(storage)).toEqual([]);
  });

  it("fails with the session, and so does what is written after", async () => {
    const tab = new Tab(undefined, "S1");
    const early = tab.write("early");
    tab.replica.over({ reason: "terminated", session: undefined });
    const late = tab.write("late");
    await expect(early.delivered).rejects.toMatchObject({ code: "session_terminated" });
    await expect(late.delivered).rejects.toMatchObject({ code: "session_terminated" });
    expect(tab.deliveries).toEqual(["early: failed", "late: failed"]);
  });
});

describe("a storage", () => {
  function refuse(): never {
    throw new DOMException("no", "SecurityError");
  }

  it.each([
    ["full", { setItem: refuse }],
    ["blocked", { key: refuse, getItem: refuse, setItem: refuse, removeItem: refuse }],
  ])("that is %s costs nothing but the next page", async (_what, refusing) => {
    const tab = new Tab(Object.assign(new MemoryStorage(), refusing), "S1");
    tab.write("one");
    tab.write("two");
    expect(tab.refusals).toBeGreaterThan(0);
    const server = new FakeServer();
    tab.connect(server);
    await pass(ADOPT_AFTER_MS);
    expect(server.contents).toEqual(["one", "two"]);
  });

  it("that was cleared while the page was open takes nothing from it", async () => {
    const { storage, server, open } = fakeBrowser();
    const tab = open();
    tab.write("one");
    storage.items.clear();
    tab.connect(server);
    await pass(ADOPT_AFTER_MS);
    expect(server.contents).toEqual(["one"]);
  });

  it("full of garbage is cleaned, and nothing of it shown", () => {
    const { storage, open } = fakeBrowser();
    open().write("good");
    const good = storage.items.get(outboxItems(storage)[0] ?? "") ?? "";
    const at = String(Date.now()).padStart(15, "0");
    const garbage: Record<string, string> = {
      "out/": good,
      "out/x": good,
      [`out/${at}-other`]: good,
      [`out/${at}-a`]: "{",
      [`out/${at}-b`]: "null",
      [`out/${at}-c`]: JSON.stringify({ message: { clientId: "c" } }),
      [`out/${at}-d`]: JSON.stringify({ message: { clientId: "d", content: 1 } }),
      [`out/${at}-e`]: JSON.stringify({ sessionId: 1, message: { clientId: "e", content: "" } }),
      [`out/${at}-f`]: JSON.stringify({
        message: { clientId: "f", content: "x".repeat(4 * MAX_CONTENT_BYTES) },
      }),
    };
    for (const [name, text] of Object.entries(garbage)) {
      storage.setItem(PREFIX + name, text);
    }
    storage.setItem("another's", "{");
    expect(open().contents).toEqual(["good"]);
    expect(storage.length).toBe(2);
  });

  it("does not have to take what no server would", () => {
    const { storage, open } = fakeBrowser();
    const tab = open();
    tab.write("x".repeat(MAX_CONTENT_BYTES + 1));
    tab.write("x".repeat(5 * MAX_CONTENT_BYTES));
    expect(outboxItems(storage)).toHaveLength(1);
    expect(open().state.messages).toMatchObject([
      { delivery: "failed", failure: "message_too_large" },
    ]);
  });
});

describe("any course of events", () => {
  const step = fc.record({
    tab: fc.nat(2),
    what: fc.constantFrom(
      "write",
      "connect",
      "disconnect",
      "mute",
      "reload",
      "tell",
      "wait",
      "back",
    ),
  });

  it("ends with every message stored once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        vi.setSystemTime(1_800_000_000_000);
        const { storage, server, open } = fakeBrowser();
        const tabs = [0, 1, 2].map(() => open());
        const written: string[][] = [[], [], []];
        for (const { tab: index, what } of steps) {
          const tab = tabs[index] ?? open();
          if (what === "write") {
            const content = `${index}.${written[index]?.length}`;
            written[index]?.push(content);
            tab.write(content);
          } else if (what === "connect") {
            tab.disconnect();
            tab.isMute = false;
            tab.connect(server);
          } else if (what === "disconnect") {
            tab.disconnect();
          } else if (what === "mute") {
            tab.isMute = true;
          } else if (what === "reload") {
            tab.crash();
            tabs[index] = open();
          } else if (what === "tell") {
            tab.replica.outboxChanged();
          } else {
            // The clock of the device is set back, too.
            vi.setSystemTime(Date.now() - (what === "back" ? 60_000 : 0));
            await pass(1_500);
          }
        }
        for (const tab of tabs) {
          tab.crash();
        }
        const last = open();
        last.connect(server);
        await pass(2 * ADOPT_AFTER_MS);
        expect([...server.contents].sort()).toEqual(written.flat().sort());
        expect(last.contents).toEqual(server.contents);
        expect(last.state.pendingCount).toBe(0);
        expect(outboxItems(storage)).toEqual([]);
        last.crash();
      }),
      { numRuns: 200 },
    );
  });

  it("of one tab ends with its messages in the order of writing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        vi.setSystemTime(1_800_000_000_000);
        const { server, open } = fakeBrowser();
        let tab = open();
        let count = 0;
        for (const { what } of steps) {
          if (what === "write") {
            tab.write(String(count));
            count += 1;
          } else if (what === "connect") {
            tab.disconnect();
            tab.isMute = false;
            tab.connect(server);
          } else if (what === "disconnect") {
            tab.disconnect();
          } else if (what === "mute") {
            tab.disconnect();
            tab.isMute = true;
            tab.connect(server);
          } else if (what === "reload") {
            tab.crash();
            tab = open();
          } else {
            await pass(what === "wait" ? 1_500 : 0);
          }
        }
        tab.crash();
        const last = open();
        last.connect(server);
        await pass(2 * ADOPT_AFTER_MS);
        expect(server.contents).toEqual(Array.from({ length: count }, (_, index) => String(index)));
        last.crash();
      }),
      { numRuns: 200 },
    );
  });
});

describe("a key that is refused", () => {
  it("leaves nothing of what was written, not even by a tab that is gone, and says so", async () => {
    const { storage, open } = fakeBrowser();
    const tab = open();
    const gone = open();
    const { delivered } = tab.write("waited for");
    gone.write("of a tab that is gone");
    gone.crash();
    tab.replica.forget("invalid_credential");
    await expect(delivered).rejects.toMatchObject({ code: "invalid_credential" });
    expect(outboxItems(storage)).toEqual([]);
  });
});
