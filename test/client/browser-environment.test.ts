import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { environmentOf } from "../../client/core/browser-environment.ts";
import { createSessionClient } from "../../client/core/client.ts";
import { BASE_URL, healthyApi, settle, sync } from "./fake-client.ts";
import { FakeEnvironment } from "./fake-environment.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

it.each([2 ** 31, Number.POSITIVE_INFINITY])(
  "waits where a timer of %i ms would not",
  async (ms) => {
    const called = vi.fn<() => void>();
    const cancel = environmentOf({}).clock.after(ms, called);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(called).not.toHaveBeenCalled();
    cancel();
  },
);

it.each([0, -5, 0.001, Number.NaN, 1e9])(
  "makes no storm of a refresh interval of %d minutes",
  async (refreshInterval) => {
    const fake = new FakeEnvironment();
    healthyApi(fake);
    const { clock } = environmentOf({});
    const environment = { ...fake, clock };
    const client = createSessionClient({
      baseUrl: BASE_URL,
      teamId: "demo",
      environment,
      refreshInterval,
    });
    client.start();
    await settle();
    sync(fake.socket, 0);
    const looks = vi.spyOn(clock, "after");
    for (let second = 0; second < 300; second += 1) {
      await vi.advanceTimersByTimeAsync(1_000);
      fake.socket.text("pong");
    }
    const refreshes = fake.requests.filter(({ path }) => path.endsWith("/refresh"));
    expect(refreshes.length).toBeLessThanOrEqual(5);
    expect(looks.mock.calls.length).toBeLessThan(100);
    client.stop();
    expect(vi.getTimerCount()).toBe(0);
  },
);

it("hears nothing more of a socket that it closed", () => {
  const sockets: Partial<WebSocket>[] = [];
  class PageSocket {
    readonly close = vi.fn<(code: number) => void>();
    constructor() {
      sockets.push(this as Partial<WebSocket>);
    }
  }
  const heard: unknown[] = [];
  const { openSocket } = environmentOf({
    WebSocket: PageSocket as unknown as typeof WebSocket,
  });
  const socket = openSocket("wss://chat.example", [], {
    text: (text) => heard.push(text),
    closed: (code) => heard.push(code),
  });
  const [page] = sockets;
  const event = (fields: object) => fields as MessageEvent & CloseEvent;
  page?.onmessage?.call(page as WebSocket, event({ data: "before" }));
  socket.close();
  page?.onmessage?.call(page as WebSocket, event({ data: "after" }));
  page?.onclose?.call(page as WebSocket, event({ code: 1000, reason: "" }));
  expect(heard).toEqual(["before"]);
  expect(page?.close).toHaveBeenCalledWith(1000);
});
