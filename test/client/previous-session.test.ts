import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ADOPT_AFTER_MS } from "../../client/core/outbox.ts";
import { MAX_CONTENT_BYTES } from "../../src/protocol/limits.ts";
import { MemoryStorage, session } from "./fake-environment.ts";
import { FakeServer, outboxItems, pass, Tab } from "./fake-tab.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A tab whose session S1 had a message and ended with two more unsent. */
async function bereaved(storage = new MemoryStorage()): Promise<Tab> {
  const tab = new Tab(storage, "S1");
  tab.connect(new FakeServer());
  tab.write("old");
  await pass();
  tab.disconnect();
  tab.write("unsent 1");
  void tab.replica.send({ clientId: "c-x", content: "unsent 2", conversationId: "C9" });
  tab.replica.bury("expired");
  tab.renew();
  return tab;
}

function unsent({ state }: Tab): string[] {
  return state.previous?.unsent.map(({ content }) => content) ?? [];
}

describe("a session that was lost", () => {
  it("stays readable, with what was written for it, and none of it is in the next", async () => {
    const storage = new MemoryStorage();
    for (const tab of [await bereaved(storage), new Tab(storage), new Tab(storage, "S2")]) {
      expect(tab.state.previous).toMatchObject({
        sessionId: "S1",
        reason: "expired",
        messages: [{ content: "old", seq: 1, delivery: "sent" }],
        unsent: [
          { content: "unsent 1", delivery: "queued" },
          { content: "unsent 2", delivery: "queued" },
        ],
      });
      expect(tab.contents).toEqual([]);
      expect(tab.state.pendingCount).toBe(0);
    }
  });

  it("sends nothing unasked, and everything in order when asked", async () => {
    const tab = await bereaved();
    const server = new FakeServer("S2");
    tab.connect(server);
    tab.write("new");
    await pass(10_000);
    expect(server.contents).toEqual(["new"]);
    const { previous } = tab.state;
    tab.replica.outboxChanged();
    expect(tab.state.previous).toBe(previous);
    tab.replica.sendUnsent();
    await pass();
    expect(server.contents).toEqual(["new", "unsent 1", "unsent 2"]);
    // The conversation that it was written in was the other session's.
    expect(server.log.at(-1)?.conversationId).toBe("C1");
    expect(tab.state.previous).toMatchObject({ messages: [{ content: "old" }], unsent: [] });
  });

  it("may leave its unsent to a session that is yet to come", async () => {
    const storage = new MemoryStorage();
    const tab = await bereaved(storage);
    tab.replica.sendUnsent();
    expect(tab.deliveries).toEqual(["unsent 1: queued", "unsent 2: queued"]);
    tab.crash();
    const server = new FakeServer("S2");
    const next = new Tab(storage);
    next.connect(server);
    await pass(2 * ADOPT_AFTER_MS);
    expect(server.contents).toEqual(["unsent 1", "unsent 2"]);
    expect(outboxItems(storage)).toEqual([]);
  });

  it("keeps nobody waiting for what another tab had written down for it", async () => {
    const storage = new MemoryStorage();
    const tab = new Tab(storage);
    const { delivered } = tab.write("early");
    // Another tab is in the session already, and takes over what seems to be left for it.
    new Tab(storage, "S1");
    tab.replica.outboxChanged();
    expect(unsent(tab)).toEqual(["early"]);
    tab.replica.sendUnsent();
    tab.connect(new FakeServer("S2"));
    await pass();
    await expect(delivered).resolves.toBeUndefined();
  });

  it("keeps what no server takes from the next one, too", async () => {
    const storage = new MemoryStorage();
    const tab = new Tab(storage, "S1");
    tab.write("x".repeat(MAX_CONTENT_BYTES + 1)).delivered.catch(() => undefined);
    tab.replica.bury("expired");
    tab.renew();
    const server = new FakeServer("S2");
    tab.connect(server);
    tab.replica.sendUnsent();
    await pass(10_000);
    expect(tab.sent).toEqual([]);
    expect(tab.state.messages).toMatchObject([
      { delivery: "failed", failure: "message_too_large" },
    ]);
  });

  it("is gone for good when it is dismissed", async () => {
    const storage = new MemoryStorage();
    const tab = await bereaved(storage);
    const other = new Tab(storage);
    const told = tab.wrote;
    tab.replica.dismissPrevious();
    expect(tab.state.previous).toBeUndefined();
    expect(tab.wrote).toBe(told + 1);
    expect(storage.length).toBe(0);
    expect(unsent(other)).toHaveLength(2);
    other.replica.outboxChanged();
    expect(other.state.previous).toBeUndefined();
  });

  it("is sent by one tab and leaves the others' sight", async () => {
    const storage = new MemoryStorage();
    const server = new FakeServer("S2");
    const tab = await bereaved(storage);
    const other = new Tab(storage);
    tab.connect(server);
    other.connect(server);
    tab.replica.sendUnsent();
    other.replica.outboxChanged();
    expect(unsent(other)).toEqual([]);
    await pass(10_000);
    expect(server.contents).toEqual(["unsent 1", "unsent 2"]);
    expect(other.contents).toEqual(["unsent 1", "unsent 2"]);
  });

  it("is known by what it left, though nobody said that it ended", () => {
    const storage = new MemoryStorage();
    new Tab(storage, "S1").write("left");
    const { previous } = new Tab(storage, "S2").state;
    expect(previous).toMatchObject({
      sessionId: "S1",
      messages: [],
      unsent: [{ content: "left" }],
    });
  });

  it("tells those who wait that it did not deliver", async () => {
    const tab = new Tab(undefined, "S1");
    const { delivered } = tab.write("late");
    tab.replica.bury("terminated");
    await expect(delivered).rejects.toMatchObject({ code: "session_terminated" });
    tab.renew();
    expect(tab.state.previous?.reason).toBe("terminated");
  });

  it("leaves nothing where it had nothing", () => {
    const tab = new Tab(undefined, "S1");
    tab.replica.bury("expired");
    tab.renew();
    expect(tab.state.previous).toBeUndefined();
  });

  it("is not the session of now", async () => {
    const storage = new MemoryStorage();
    await bereaved(storage);
    expect(new Tab(storage, "S1").state.previous).toBeUndefined();
  });
});

describe("a session that lost to another tab's", () => {
  it("hands over all that was written for it, whoever waits goes on waiting", async () => {
    const storage = new MemoryStorage();
    const tab = new Tab(storage);
    const early = tab.write("early");
    tab.connect(new FakeServer("S2"));
    await early.delivered;
    tab.isMute = true;
    const late = tab.write("late");
    const { clientId: refused } = tab.write("refused");
    tab.hear({ type: "error", code: "quota_exceeded", clientId: refused });
    tab.renew("S1", true);
    expect(tab.deliveries).toEqual(["early: queued", "late: queued"]);
    expect(unsent(tab)).toEqual(["refused"]);
    const server = new FakeServer("S1");
    tab.isMute = false;
    tab.connect(server);
    await late.delivered;
    expect(server.log.map(({ clientId }) => clientId)).toEqual([early.clientId, late.clientId]);
    expect(outboxItems(storage)).toHaveLength(1);
  });

  it("hands over what was written before a reload", async () => {
    const storage = new MemoryStorage();
    new Tab(storage).write("early");
    const tab = new Tab(storage);
    tab.connect(new FakeServer("S2"));
    await pass();
    tab.renew("S1", true);
    const server = new FakeServer("S1");
    tab.connect(server);
    await pass(ADOPT_AFTER_MS);
    expect(server.contents).toEqual(["early"]);
  });

  it("hands over what another tab wrote once that one has had its time, since it may have written more", async () => {
    const storage = new MemoryStorage();
    const writer = new Tab(storage);
    writer.write("one");
    writer.write("two");
    // Storage tells pages one item after the other: what it has of this writer's messages may begin anywhere.
    const copy = new MemoryStorage();
    const [, last] = outboxItems(storage);
    copy.setItem(last ?? "", storage.getItem(last ?? "") ?? "");
    await pass(2 * ADOPT_AFTER_MS);
    const other = new Tab(copy);
    other.replica.adopt(session({ id: "S2" }));
    other.renew("S1", true);
    const server = new FakeServer("S1");
    other.connect(server);
    await pass();
    expect(server.contents).toEqual([]);
    writer.connect(server);
    await pass(ADOPT_AFTER_MS);
    expect(server.contents).toEqual(["one", "two"]);
  });

  it("hands over in the order of the log what came at once, by a clock that goes ahead", async () => {
    const storage = new MemoryStorage();
    const server = new FakeServer("S2");
    const tab = new Tab(storage);
    tab.connect(server);
    const contents = Array.from({ length: 20 }, (_, index) => `${index}`);
    const createdAt = new Date(Date.now() + 3_600_000).toISOString();
    for (const content of contents) {
      // In no order of their ids.
      const clientId = `c-${(Number(content) * 7) % 20}`;
      server.say({ role: "user", clientId, content, createdAt });
    }
    tab.isMute = true;
    tab.write("last");
    tab.renew("S1", true);
    const next = new Tab(storage, "S1");
    const winner = new FakeServer("S1");
    next.connect(winner);
    await pass(ADOPT_AFTER_MS);
    expect(winner.contents).toEqual([...contents, "last"]);
  });

  it("lets whoever waits go on waiting for what was written before there was a session", async () => {
    const tab = new Tab();
    const { delivered } = tab.write("early");
    tab.renew();
    const server = new FakeServer();
    tab.connect(server);
    await delivered;
    expect(server.contents).toEqual(["early"]);
  });
});
