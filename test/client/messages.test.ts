import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  MAX_CONTENT_BYTES,
  MAX_FRAME_BYTES,
  RECEIVED_EVERY_BYTES,
} from "../../src/protocol/limits.ts";
import type { FakeTab } from "./fake-client.ts";
import { connectingTab, contents, deliveries, settle, sync, syncedTab } from "./fake-client.ts";
import type { Answer } from "./fake-environment.ts";
import { message, messages, welcome } from "./fake-environment.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

async function reconnect({ environment }: FakeTab): Promise<void> {
  environment.socket.close(1006);
  await vi.advanceTimersByTimeAsync(10_000);
}

function sentContents({ environment }: FakeTab): string[] {
  return environment.socket.frames.flatMap((frame) =>
    frame.type === "send" ? frame.messages.map(({ content }) => content) : [],
  );
}

describe("the log", () => {
  it("takes history and live traffic alike", async () => {
    const tab = await syncedTab(3, messages(1, 2), messages(2, 3));
    tab.environment.socket.down(messages(3, 5));
    expect(contents(tab)).toEqual(["message 2", "message 3", "message 4", "message 5"]);
    expect(tab.client.getState()).toMatchObject({ synced: true, older: "more" });
  });

  it("drops what it has", async () => {
    const tab = await syncedTab(3, messages(0, 3));
    tab.environment.socket.down(messages(0, 2), messages(2, 4), messages(1, 4));
    expect(contents(tab)).toEqual(["message 1", "message 2", "message 3", "message 4"]);
    expect(tab.environment.sockets).toHaveLength(1);
  });

  it("counts seqs that it may not see as had", async () => {
    const tab = await syncedTab(0);
    tab.environment.socket.down({ type: "messages", from: 0, to: 7, messages: [message(2)] });
    tab.environment.socket.down(messages(7, 8));
    expect(contents(tab)).toEqual(["message 2", "message 8"]);
  });

  it("connects again over a hole, from the last that it has", async () => {
    const tab = await syncedTab(3, messages(0, 3));
    tab.environment.socket.down(messages(4, 5));
    await settle();
    expect(tab.environment.sockets).toHaveLength(2);
    expect(tab.environment.socket.url.search).toBe("?after=3");
    expect(contents(tab)).toHaveLength(3);
    sync(tab.environment.socket, 5, messages(3, 5));
    expect(contents(tab)).toHaveLength(5);
  });

  it("connects again when the history is said to be through and is not", async () => {
    const tab = await connectingTab();
    tab.environment.socket.down(welcome({ lastSeq: 5 }), messages(0, 3), {
      type: "synced",
      seq: 5,
    });
    await settle();
    expect(tab.environment.socket.url.search).toBe("?after=3");
    expect(tab.client.getState().synced).toBe(false);
  });

  it("begins anew after a truncation, with what lies before as older history", async () => {
    const tab = await syncedTab(3, messages(0, 3));
    await reconnect(tab);
    sync(tab.environment.socket, 902, { type: "truncated", firstSeq: 901 }, messages(900, 902));
    expect(contents(tab)).toEqual(["message 901", "message 902"]);
    expect(tab.client.getState().older).toBe("more");
    await reconnect(tab);
    expect(tab.environment.socket.url.search).toBe("?after=902");
  });

  it("keeps each message's object while others come and go", async () => {
    const tab = await syncedTab(2, messages(0, 2));
    const [first] = tab.client.getState().messages;
    tab.environment.socket.down(messages(2, 3));
    expect(tab.client.getState().messages[0]).toBe(first);
  });
});

describe("older messages", () => {
  it("come page by page until the beginning", async () => {
    const tab = await syncedTab(102, messages(100, 102));
    tab.environment.respond = ({ path }) => {
      expect(path).toBe("/api/sessions/S1/messages?before=101&limit=50");
      return { status: 200, body: { messages: [message(51), message(100)], nextBefore: 51 } };
    };
    await tab.client.loadOlder();
    expect(tab.client.getState().older).toBe("more");
    tab.environment.respond = ({ path }) => {
      expect(path).toBe("/api/sessions/S1/messages?before=51&limit=50");
      return { status: 200, body: { messages: [message(1), message(50)] } };
    };
    await tab.client.loadOlder();
    expect(contents(tab)).toEqual([1, 50, 51, 100, 101, 102].map((seq) => `message ${seq}`));
    expect(tab.client.getState().older).toBe("none");
    await tab.client.loadOlder();
    expect(tab.environment.requests).toHaveLength(3);
  });

  it("can be asked for again after a failure, and once at a time", async () => {
    const tab = await syncedTab(102, messages(100, 102));
    tab.environment.respond = () => "down";
    const loads = [tab.client.loadOlder(), tab.client.loadOlder()];
    expect(tab.client.getState().older).toBe("loading");
    await Promise.all(loads);
    expect(tab.environment.requests).toHaveLength(2);
    expect(tab.client.getState().older).toBe("failed");
    tab.environment.respond = () => ({ status: 200, body: { messages: [message(100)] } });
    await tab.client.loadOlder();
    expect(tab.client.getState().older).toBe("none");
  });
});

describe("older messages that come too late", () => {
  async function whileLoading(happens: (tab: FakeTab) => void): Promise<FakeTab> {
    const tab = await syncedTab(102, messages(100, 102));
    let answer: (answer: Answer) => void = () => {};
    tab.environment.respond = () => new Promise((resolve) => (answer = resolve));
    const loading = tab.client.loadOlder();
    await settle();
    const answerPage = answer;
    happens(tab);
    answerPage({ status: 200, body: { messages: [message(99), message(100)], nextBefore: 99 } });
    await loading;
    return tab;
  }

  it("are left out when the log has begun anew", async () => {
    const tab = await whileLoading(({ environment }) => {
      environment.socket.down({ type: "truncated", firstSeq: 901 }, messages(900, 901));
    });
    expect(contents(tab)).toEqual(["message 901"]);
    expect(tab.client.getState().older).toBe("more");
  });

  it("are not shown in the next session", async () => {
    const tab = await whileLoading(({ environment }) => {
      const record = { token: "S2.C1.secret", generation: 1 };
      environment.storage?.setItem("durable-sessions/demo/session", JSON.stringify(record));
      environment.signal("returned");
    });
    expect(contents(tab)).toEqual([]);
  });
});

describe("received", () => {
  it("follows every frame of history", async () => {
    const tab = await connectingTab();
    tab.environment.socket.down(welcome({ lastSeq: 9 }), messages(0, 4), messages(4, 9));
    expect(tab.environment.socket.frames).toEqual([
      { type: "received", seq: 4 },
      { type: "received", seq: 9 },
    ]);
  });

  it("goes by volume once history is through", async () => {
    const tab = await syncedTab(0);
    const kib = 1024;
    const content = "é".repeat(15 * kib);
    const frames = Math.ceil(RECEIVED_EVERY_BYTES / (30 * kib));
    for (let seq = 1; seq < frames; seq += 1) {
      const big = message(seq, { content });
      tab.environment.socket.down({ type: "messages", from: seq - 1, to: seq, messages: [big] });
    }
    expect(tab.environment.socket.frames).toEqual([]);
    const last = message(frames, { content });
    tab.environment.socket.down(
      { type: "messages", from: frames - 1, to: frames, messages: [last] },
      messages(frames, frames + 1),
    );
    expect(tab.environment.socket.frames).toEqual([{ type: "received", seq: frames }]);
  });
});

describe("sending", () => {
  it("shows a message at once and takes its own frame for the acknowledgement", async () => {
    const tab = await syncedTab(0);
    const { clientId } = tab.client.send("hello");
    expect(tab.environment.socket.frames).toEqual([
      { type: "send", messages: [{ clientId, content: "hello" }] },
    ]);
    expect(deliveries(tab)).toEqual(["hello: sending"]);
    const own = message(1, { role: "user", clientId, content: "hello" });
    tab.environment.socket.down({ type: "messages", from: 0, to: 1, messages: [own] });
    expect(deliveries(tab)).toEqual(["hello: sent"]);
    expect(tab.client.getState().messages[0]).toMatchObject({ key: clientId, seq: 1 });
  });

  it("is not misled by the same clientId on the team's side", async () => {
    const tab = await syncedTab(0);
    const { clientId } = tab.client.send("hello");
    const theirs = message(1, { role: "assistant", clientId, content: "theirs" });
    tab.environment.socket.down({ type: "messages", from: 0, to: 1, messages: [theirs] });
    expect(deliveries(tab)).toEqual(["theirs: sent", "hello: sending"]);
  });

  it("waits for the history, then sends what it did not acknowledge, in order", async () => {
    const tab = await syncedTab(0);
    const { clientId: first } = tab.client.send("one");
    tab.client.send("two");
    await reconnect(tab);
    tab.client.send("three");
    const own = message(1, { role: "user", clientId: first, content: "one" });
    tab.environment.socket.down(welcome({ lastSeq: 1 }), {
      type: "messages",
      from: 0,
      to: 1,
      messages: [own],
    });
    expect(sentContents(tab)).toEqual([]);
    tab.environment.socket.down({ type: "synced", seq: 1 });
    expect(sentContents(tab)).toEqual(["two", "three"]);
    expect(deliveries(tab)).toEqual(["one: sent", "two: sending", "three: sending"]);
  });

  it("does not let a message overtake those that wait for the history", async () => {
    const tab = await syncedTab(0);
    tab.client.send("one");
    await reconnect(tab);
    tab.environment.socket.down(welcome());
    tab.client.send("two");
    expect(sentContents(tab)).toEqual([]);
    tab.environment.socket.down({ type: "synced", seq: 0 });
    expect(sentContents(tab)).toEqual(["one", "two"]);
  });

  it("sends each unacknowledged message again after every loss, under its clientId", async () => {
    const tab = await syncedTab(0);
    const { clientId } = tab.client.send("again");
    for (let loss = 0; loss < 3; loss += 1) {
      await reconnect(tab);
      sync(tab.environment.socket, 0);
      expect(tab.environment.socket.frames).toEqual([
        { type: "send", messages: [{ clientId, content: "again" }] },
      ]);
    }
  });

  it("takes `stored` for an acknowledgement of what is in the log already", async () => {
    const tab = await syncedTab(0);
    const { clientId } = tab.client.send("hello");
    await reconnect(tab);
    // Another page of history was cut off: the message lies before what is here.
    sync(tab.environment.socket, 905, { type: "truncated", firstSeq: 901 }, messages(900, 905));
    tab.environment.socket.down({ type: "stored", items: [{ clientId, seq: 3 }] });
    expect(contents(tab)).not.toContain("hello");
    await reconnect(tab);
    sync(tab.environment.socket, 905);
    expect(sentContents(tab)).toEqual([]);
  });

  it("keeps a stored message in sight until the log comes to it", async () => {
    const tab = await syncedTab(0);
    const { clientId } = tab.client.send("hello");
    tab.environment.socket.down({ type: "stored", items: [{ clientId, seq: 2 }] });
    expect(deliveries(tab)).toEqual(["hello: sent"]);
    const own = message(2, { role: "user", clientId, content: "hello" });
    tab.environment.socket.down({ type: "messages", from: 0, to: 2, messages: [own] });
    expect(deliveries(tab)).toEqual(["hello: sent"]);
  });

  it("marks what was refused, and tries it again when asked to", async () => {
    const tab = await syncedTab(0);
    const { clientId } = tab.client.send("refused");
    tab.client.send("other");
    tab.environment.socket.down({ type: "error", code: "quota_exceeded", clientId });
    expect(deliveries(tab)).toEqual(["refused: failed", "other: sending"]);
    expect(tab.client.getState().messages[0]?.failure).toBe("quota_exceeded");
    await reconnect(tab);
    sync(tab.environment.socket, 0);
    expect(sentContents(tab)).toEqual(["other"]);
    tab.client.retry(clientId);
    expect(sentContents(tab)).toEqual(["other", "refused"]);
    expect(deliveries(tab)).toEqual(["other: sending", "refused: sending"]);
    tab.client.retry(clientId);
    expect(sentContents(tab)).toEqual(["other", "refused"]);
  });

  it("keeps what was too much for now in line, and sends it again when the server said", async () => {
    const tab = await syncedTab(0);
    const { clientId } = tab.client.send("one too many");
    const error = { type: "error", code: "rate_limited", retryAfterMs: 20_000 } as const;
    tab.environment.socket.down({ ...error, clientId });
    expect(deliveries(tab)).toEqual(["one too many: sending"]);
    await vi.advanceTimersByTimeAsync(19_999);
    tab.environment.socket.text("pong");
    expect(sentContents(tab)).toEqual(["one too many"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sentContents(tab)).toEqual(["one too many", "one too many"]);
    // A whole frame that was too much names nobody; room for one message is not asked for at once.
    tab.environment.socket.down({ type: "error", code: "rate_limited", retryAfterMs: 1 });
    await vi.advanceTimersByTimeAsync(4_999);
    expect(sentContents(tab)).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(sentContents(tab)).toHaveLength(3);
  });

  it("fails what no server would take, and never sends it", async () => {
    const tab = await syncedTab(0);
    tab.client.send("x".repeat(MAX_CONTENT_BYTES + 1));
    // Each of these characters is six in JSON.
    tab.client.send("\u0001".repeat(MAX_CONTENT_BYTES));
    tab.client.send("x".repeat(MAX_CONTENT_BYTES));
    const states = tab.client.getState().messages.map(({ delivery }) => delivery);
    expect(states).toEqual(["failed", "failed", "sending"]);
    expect(tab.environment.socket.frames).toHaveLength(1);
  });

  it("keeps each frame within the limits", async () => {
    const tab = await connectingTab();
    for (let index = 0; index < 230; index += 1) {
      tab.client.send(`small ${index}`);
    }
    for (let index = 0; index < 5; index += 1) {
      tab.client.send(`big ${index} ${"x".repeat(30_000)}`);
    }
    sync(tab.environment.socket, 0);
    const { sent, frames } = tab.environment.socket;
    expect(frames.map((frame) => (frame.type === "send" ? frame.messages.length : 0))).toEqual([
      100, 100, 32, 2, 1,
    ]);
    expect(Math.max(...sent.map((text) => text.length))).toBeLessThanOrEqual(MAX_FRAME_BYTES);
    expect(sentContents(tab)).toEqual(contents(tab));
  });
});
