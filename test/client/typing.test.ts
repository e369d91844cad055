import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TYPING_LEASE_MS, TYPING_REPEAT_MS } from "../../client/core/typing.ts";
import type { DownFrame } from "../../src/protocol/frames.ts";
import { syncedTab } from "./fake-client.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function typing(connectionId: string, active: boolean): DownFrame {
  const author = { name: "Ana" };
  return { type: "typing", connectionId, role: "operator", author, conversationId: "C1", active };
}

describe("others who type", () => {
  it("are shown until they stop", async () => {
    const { client, environment } = await syncedTab();
    environment.socket.down(typing("K2", true));
    expect(client.getState().typing).toEqual([
      { connectionId: "K2", role: "operator", author: { name: "Ana" } },
    ]);
    environment.socket.down(typing("K2", false));
    expect(client.getState().typing).toEqual([]);
  });

  it("are forgotten when they are not heard of any more", async () => {
    const { client, environment } = await syncedTab();
    environment.socket.down(typing("K2", true));
    await vi.advanceTimersByTimeAsync(TYPING_LEASE_MS - 1);
    environment.socket.down(typing("K2", true));
    await vi.advanceTimersByTimeAsync(TYPING_LEASE_MS - 1);
    expect(client.getState().typing).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(client.getState().typing).toEqual([]);
  });

  it("are gone when they left, and when the connection is", async () => {
    const { client, environment } = await syncedTab();
    environment.socket.down(typing("K2", true), { type: "presence", presence: [] });
    expect(client.getState().typing).toEqual([]);
    environment.socket.down(typing("K2", true));
    environment.socket.close(1006);
    expect(client.getState().typing).toEqual([]);
  });

  it("are not this tab itself", async () => {
    const { client, environment } = await syncedTab();
    environment.socket.down(typing("K1", true));
    expect(client.getState().typing).toEqual([]);
  });
});

describe("typing here", () => {
  it("is told sparingly, and its end once", async () => {
    const { client, environment } = await syncedTab();
    for (let key = 0; key < 20; key += 1) {
      client.setTyping(true);
      await vi.advanceTimersByTimeAsync(TYPING_REPEAT_MS / 10);
    }
    client.setTyping(false);
    client.setTyping(false);
    expect(environment.socket.frames).toEqual([
      { type: "typing", active: true },
      { type: "typing", active: true },
      { type: "typing", active: false },
    ]);
  });

  it("ends with the message", async () => {
    const { client, environment } = await syncedTab();
    client.setTyping(true);
    client.send("done");
    expect(environment.socket.frames.map(({ type }) => type)).toEqual(["typing", "typing", "send"]);
  });
});
