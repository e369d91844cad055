import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MessagePage } from "../../src/protocol/rest.ts";
import { message, messages } from "./fake-environment.ts";
import { FakeServer, pass, Tab } from "./fake-tab.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

describe("a replica whose place was taken", () => {
  it("shows nothing more: neither a page that comes late nor a frame", async () => {
    const tab = new Tab(undefined, "S1");
    tab.connect(new FakeServer());
    tab.hear({ type: "truncated", firstSeq: 101 }, messages(100, 102));
    const late = Promise.withResolvers<MessagePage>();
    const retired = tab.replica;
    const loading = retired.loadOlder(() => late.promise);
    expect(tab.state.older).toBe("loading");
    tab.renew();
    late.resolve({ messages: [message(100)] });
    await loading;
    retired.frame(messages(102, 103), 100);
    expect(tab.state).toMatchObject({ messages: [], older: "none" });
  });

  it("leaves no timer behind", async () => {
    const tab = new Tab(undefined, "S1");
    tab.connect(new FakeServer());
    tab.isMute = true;
    const { clientId } = tab.write("one");
    const typing = { type: "typing", connectionId: "K2", role: "operator", active: true } as const;
    tab.hear({ ...typing, conversationId: "C1" }, messages(0, 1));
    tab.hear({ type: "error", code: "rate_limited", clientId, retryAfterMs: 20_000 });
    await pass();
    expect(vi.getTimerCount()).toBe(4);
    tab.replica.retire(() => false);
    expect(vi.getTimerCount()).toBe(0);
    tab.replica.outboxChanged();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("ten thousand messages", () => {
  it("come and stay as the objects that they were", () => {
    const tab = new Tab(undefined, "S1");
    tab.connect(new FakeServer());
    for (let seq = 0; seq < 10_000; seq += 100) {
      tab.hear(messages(seq, seq + 100));
    }
    const { messages: before } = tab.state;
    tab.hear(messages(10_000, 10_001));
    const { messages: after } = tab.state;
    expect(after).toHaveLength(10_001);
    expect(before.every((one, index) => one === after[index])).toBe(true);
  });
});
