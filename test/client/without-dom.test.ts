// The client where there is no page: React Native, or Node. What it uses is what its options give it.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AsyncKeyValueStorage, SessionClientOptions } from "../../client/core/index.ts";
import { createSessionClient, fromAsyncStorage } from "../../client/core/index.ts";
import type { DownFrame, UpFrame } from "../../src/protocol/frames.ts";
import { message, session, welcome } from "./fake-environment.ts";

/** Whatever a page has and React Native may not. */
const GLOBALS_OF_PAGES = [
  "window",
  "document",
  "location",
  "history",
  "navigator",
  "localStorage",
  "sessionStorage",
  "BroadcastChannel",
  "fetch",
  "WebSocket",
  "screen",
  "Worker",
];

beforeEach(() => {
  for (const name of GLOBALS_OF_PAGES) {
    vi.stubGlobal(name, undefined);
  }
});

afterEach(() => {
  vi.unstubAllGlobals();
});

class Items implements AsyncKeyValueStorage {
  readonly items = new Map<string, string>();
  getAllKeys = async () => [...this.items.keys()];
  getItem = async (key: string) => this.items.get(key) ?? null;
  setItem = async (key: string, value: string) => void this.items.set(key, value);
  removeItem = async (key: string) => void this.items.delete(key);
}

const TOKEN = "S1.C1.secret";

/** One app, in which a server that knows one session answers. */
class App {
  readonly requests: { readonly path: string; readonly authorization: string | null }[] = [];
  readonly sockets: AppSocket[] = [];

  async client(items: Items, options: Partial<SessionClientOptions> = {}) {
    const { sockets } = this;
    return createSessionClient({
      baseUrl: "https://chat.example",
      teamId: "demo",
      storage: await fromAsyncStorage(items),
      fetch: async (url, init) => {
        const { pathname } = new URL(String(url));
        const authorization = new Headers(init?.headers).get("Authorization");
        this.requests.push({ path: pathname, authorization });
        return answer(pathname);
      },
      WebSocket: class extends AppSocket {
        constructor() {
          super();
          sockets.push(this);
        }
      } as unknown as new (
        url: string,
        protocols: string[],
      ) => WebSocket,
      now: () => Date.parse("2026-01-02T00:00:00Z"),
      ...options,
    });
  }
}

class AppSocket {
  onmessage: ((event: { readonly data: string }) => void) | undefined;
  readonly sent: string[] = [];
  readonly send = (text: string) => void this.sent.push(text);
  readonly close = () => undefined;
  down(...frames: DownFrame[]): void {
    for (const frame of frames) {
      this.onmessage?.({ data: JSON.stringify(frame) });
    }
  }
}

function answer(path: string): Response {
  if (path.endsWith("/create")) {
    return Response.json({ session: session(), token: TOKEN, ticket: "T" }, { status: 201 });
  }
  if (path.endsWith("/redeem")) {
    const redeemed = { session: session(), token: "S1.C2.guest", ticket: "T", role: "reader" };
    return Response.json(redeemed, { status: 201 });
  }
  return path.endsWith("/validate")
    ? Response.json({ isValid: true, session: session(), ticket: "T" })
    : Response.json({ conversations: [] });
}

const live = (seq: number): DownFrame[] => [
  welcome({ lastSeq: seq }),
  ...(seq === 0 ? [] : [{ type: "messages", from: 0, to: seq, messages: [message(1)] } as const]),
  { type: "synced", seq },
];

describe("without a DOM", () => {
  test("a session is created, written in, and resumed by the next start of the app", async () => {
    const items = new Items();
    const app = new App();
    const client = await app.client(items);
    client.start();
    await vi.waitFor(() => expect(app.sockets).toHaveLength(1));
    app.sockets[0]?.down(...live(0));
    expect(client.getState()).toMatchObject({ status: "active", storage: "persistent" });
    client.send("hello");
    const frames = app.sockets[0]?.sent.map((text): UpFrame | "ping" =>
      text === "ping" ? text : JSON.parse(text),
    );
    expect(frames).toContainEqual(expect.objectContaining({ type: "send" }));
    client.stop();
    await vi.waitFor(() => expect([...items.items.values()].join()).toContain(TOKEN));

    const next = new App();
    const again = await next.client(items);
    again.start();
    await vi.waitFor(() => expect(next.sockets).toHaveLength(1));
    next.sockets[0]?.down(...live(1));
    expect(again.getState()).toMatchObject({ status: "active", sessionId: "S1" });
    expect(again.getState().messages.map(({ content }) => content)).toContain("hello");
    expect(next.requests.map(({ path }) => path)).not.toContain("/api/sessions/create");
    expect(next.requests[0]?.authorization).toBe(`Bearer ${TOKEN}`);
    again.stop();
  });

  test("a link that the app was opened with is redeemed once", async () => {
    const app = new App();
    const client = await app.client(new Items(), {
      inviteUrl: "https://app.example/chat?a=1#ds-invite=the-secret",
    });
    client.start();
    await vi.waitFor(() => expect(app.sockets).toHaveLength(1));
    expect(client.getState()).toMatchObject({ isInvited: true, role: "reader" });
    client.stop();
    client.start();
    await vi.waitFor(() => expect(app.sockets).toHaveLength(2));
    const redeemed = app.requests.filter(({ path }) => path.endsWith("/redeem"));
    expect(redeemed).toHaveLength(1);
    client.stop();
  });

  test("it goes on in memory where the app gives no storage", async () => {
    const app = new App();
    const client = await app.client(new Items(), { storage: null });
    client.start();
    await vi.waitFor(() => expect(app.sockets).toHaveLength(1));
    app.sockets[0]?.down(...live(0));
    expect(client.getState()).toMatchObject({ status: "active", storage: "memory" });
    client.stop();
  });
});
