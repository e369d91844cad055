import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DownFrame, UpFrame } from "../../src/protocol/frames.ts";
import type { FakeTab } from "./fake-client.ts";
import { settle, sync, syncedTab } from "./fake-client.ts";
import { message, messages, welcome } from "./fake-environment.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function read(side: "visitor" | "team", seq: number, conversationId = "C1"): DownFrame {
  return { type: "read", conversationId, side, seq };
}

function own(seq: number): DownFrame {
  const stored = message(seq, { role: "user" });
  return { type: "messages", from: seq - 1, to: seq, messages: [stored] };
}

function marks({ environment }: FakeTab): UpFrame[] {
  return environment.socket.frames.filter(({ type }) => type === "read");
}

describe("what was read", () => {
  it("is nothing at first, then what the server tells, and never less", async () => {
    const { client, environment } = await syncedTab(3, messages(0, 3));
    expect(client.getState().readUpTo).toEqual({ visitor: 0, team: 0 });
    environment.socket.down(read("team", 2), read("visitor", 3), read("team", 1));
    expect(client.getState().readUpTo).toEqual({ visitor: 3, team: 2 });
    environment.socket.down(read("team", 3, "C2"));
    expect(client.getState().readUpTo).toEqual({ visitor: 3, team: 2 });
  });

  it("is forgotten with the session", async () => {
    const { client, environment } = await syncedTab(1, messages(0, 1), read("team", 1));
    expect(client.getState().readUpTo.team).toBe(1);
    environment.socket.close(4401);
    environment.respond = () => ({ status: 401 });
    await settle();
    void client.createSession();
    expect(client.getState().readUpTo).toEqual({ visitor: 0, team: 0 });
  });
});

describe("marking as read", () => {
  it("tells the newest of the other side, once", async () => {
    const tab = await syncedTab(3, messages(0, 2), own(3));
    tab.client.markRead();
    tab.client.markRead();
    expect(marks(tab)).toEqual([{ type: "read", conversationId: "C1", seq: 2 }]);
    tab.environment.socket.down(read("visitor", 2), own(4));
    tab.client.markRead();
    expect(marks(tab)).toHaveLength(1);
    tab.environment.socket.down(messages(4, 5));
    tab.client.markRead();
    expect(marks(tab).at(-1)).toMatchObject({ seq: 5 });
  });

  it("tells nothing that the server knows, nor what was said elsewhere", async () => {
    const elsewhere = message(3, { conversationId: "C2" });
    const tab = await syncedTab(3, messages(0, 2), {
      type: "messages",
      from: 2,
      to: 3,
      messages: [elsewhere],
    });
    tab.environment.socket.down(read("visitor", 2));
    tab.client.markRead();
    expect(marks(tab)).toEqual([]);
  });

  it("tells again what a broken connection may have lost", async () => {
    const tab = await syncedTab(1, messages(0, 1));
    tab.client.markRead();
    tab.environment.socket.close(1006);
    tab.client.markRead();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(tab.environment.sockets).toHaveLength(2);
    sync(tab.environment.socket, 1);
    tab.client.markRead();
    expect(marks(tab)).toEqual([{ type: "read", conversationId: "C1", seq: 1 }]);
  });

  it("is not for guests", async () => {
    const tab = await syncedTab();
    const guest = { ...welcome({ lastSeq: 1 }), role: "writer" } as DownFrame;
    tab.environment.socket.down(guest, messages(0, 1), { type: "synced", seq: 1 });
    tab.client.markRead();
    expect(marks(tab)).toEqual([]);
  });
});
