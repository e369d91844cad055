import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSessionClient } from "../../client/core/client.ts";
import { BASE_URL, healthyApi, openTab, settle, sync, syncedTab, TOKEN } from "./fake-client.ts";
import type { Answer, Request } from "./fake-environment.ts";
import { FakeEnvironment, MemoryStorage, message, session } from "./fake-environment.ts";

const KEY = "durable-sessions/demo/session";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Makes one session per idempotency key and hands each caller a token of its own. */
function creatingApi() {
  const sessions = new Map<string, string>();
  const ended = new Set<string>();
  let calls = 0;
  return {
    sessions,
    ended,
    respond({ method, path, headers }: Request): Answer {
      if (method === "DELETE") {
        ended.add(path.split("/").at(-1) ?? "");
        return { status: 204 };
      }
      calls += 1;
      const key = headers["idempotency-key"];
      if (key === undefined) {
        const id = path.split("/")[3] ?? "";
        return { status: 200, body: { isValid: true, session: session({ id }), ticket: "T" } };
      }
      const id = sessions.get(key) ?? `S${sessions.size + 1}`;
      sessions.set(key, id);
      const token = `${id}.C${calls}.secret`;
      return { status: 201, body: { session: session({ id }), token, ticket: "T" } };
    },
  };
}

function stored(storage: MemoryStorage): { token?: string; createKey?: string } {
  return JSON.parse(storage.getItem(KEY) ?? "{}");
}

describe("the first visit", () => {
  it("makes a key of its own where storage has one that the server does not take", async () => {
    const storage = new MemoryStorage();
    storage.setItem(KEY, JSON.stringify({ createKey: "x" }));
    const { client, environment } = openTab(new FakeEnvironment(storage));
    healthyApi(environment);
    const { respond } = environment;
    environment.respond = (request) =>
      request.headers["idempotency-key"] === "x"
        ? { status: 422, body: { code: "validation_failed" } }
        : respond(request);
    client.start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(environment.sockets).toHaveLength(1);
    expect(stored(storage).createKey).not.toBe("x");
  });

  it("stores the create key before it uses it, and the token after", async () => {
    const storage = new MemoryStorage();
    const { client, environment } = openTab(new FakeEnvironment(storage));
    healthyApi(environment);
    const { respond } = environment;
    let storedAtRequest: string | undefined;
    environment.respond = (request) => {
      storedAtRequest ??= stored(storage).createKey;
      return respond(request);
    };
    client.start();
    await settle();
    expect(environment.requests[0]?.headers["idempotency-key"]).toBe(storedAtRequest);
    expect(stored(storage).token).toBe(TOKEN);
  });

  it("asks with the same key until an answer comes, in the next page too", async () => {
    const storage = new MemoryStorage();
    const first = openTab(new FakeEnvironment(storage, "first"));
    first.environment.respond = () => "down";
    first.client.start();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(first.client.getState()).toMatchObject({
      status: "creating",
      connection: { state: "waiting" },
    });
    first.client.stop();
    const second = openTab(new FakeEnvironment(storage, "second"));
    healthyApi(second.environment);
    second.client.start();
    await settle();
    const keys = [...first.environment.requests, ...second.environment.requests].map(
      ({ headers }) => headers["idempotency-key"],
    );
    expect(keys.length).toBeGreaterThan(2);
    expect(new Set(keys)).toEqual(new Set(["first-1"]));
  });

  it("takes a new key when the old one has expired, once", async () => {
    const storage = new MemoryStorage();
    storage.setItem(KEY, JSON.stringify({ createKey: "old" }));
    const { client, environment } = openTab(new FakeEnvironment(storage));
    environment.respond = () => ({ status: 409, body: { code: "idempotency_key_expired" } });
    client.start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(environment.requests.map(({ headers }) => headers["idempotency-key"])).toEqual([
      "old",
      "id-1",
    ]);
    expect(client.getState()).toMatchObject({
      status: "error",
      error: { code: "idempotency_key_expired" },
    });
  });

  it("says what stands in the way of a session", async () => {
    const { client, environment } = openTab();
    environment.respond = () => ({ status: 404, body: { code: "team_not_found" } });
    client.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(environment.requests).toHaveLength(1);
    expect(client.getState()).toMatchObject({ status: "error", error: { code: "team_not_found" } });
  });
});

describe("tabs of one browser", () => {
  it("come to one session when they open at once", async () => {
    const storage = new MemoryStorage();
    const api = creatingApi();
    const tabs = Array.from({ length: 10 }, (_, index) => {
      const tab = openTab(new FakeEnvironment(storage, `tab${index}`));
      // Answers arrive in another order than the requests went out.
      tab.environment.respond = async (request) => {
        await new Promise((resolve) => setTimeout(resolve, (index * 7) % 10));
        return api.respond(request);
      };
      return tab;
    });
    for (const { client } of tabs) {
      client.start();
    }
    await vi.advanceTimersByTimeAsync(100);
    expect(api.sessions.size).toBe(1);
    expect(tabs.map(({ environment }) => environment.socket.url.pathname)).toEqual(
      Array(10).fill("/api/sessions/S1/socket"),
    );
  });

  it("keep the session that was made first when two keys were written", async () => {
    const storage = new MemoryStorage();
    const api = creatingApi();
    const late = openTab(new FakeEnvironment(storage, "late"));
    late.environment.respond = async (request) => {
      if (request.headers["idempotency-key"] === "late-1") {
        // The other tab read storage before this one's key was in it, and wrote its own over it.
        storage.setItem(KEY, JSON.stringify({ createKey: "winner" }));
      }
      return api.respond(request);
    };
    late.client.start();
    await settle();
    expect(api.sessions).toEqual(new Map([["late-1", "S1"]]));
    expect(api.ended).toEqual(new Set());
    expect(late.environment.socket.url.pathname).toBe("/api/sessions/S1/socket");
    expect(stored(storage).token).toMatch(/^S1\./);
  });

  it("share the token that was stored first", async () => {
    const storage = new MemoryStorage();
    const api = creatingApi();
    storage.setItem(KEY, JSON.stringify({ createKey: "shared" }));
    const tab = openTab(new FakeEnvironment(storage));
    tab.environment.respond = (request) => {
      const answer = api.respond(request);
      if (request.path.endsWith("/create")) {
        storage.setItem(KEY, JSON.stringify({ token: "S1.C0.first" }));
      }
      return answer;
    };
    tab.client.start();
    await settle();
    expect(stored(storage).token).toBe("S1.C0.first");
  });

  it("have a session per team", async () => {
    const storage = new MemoryStorage();
    storage.setItem("durable-sessions/other", JSON.stringify({ token: "S9.C9.secret" }));
    const { client, environment } = openTab(new FakeEnvironment(storage));
    healthyApi(environment);
    client.start();
    await settle();
    expect(environment.requests[0]?.path).toBe("/api/sessions/create");
    expect(storage.items.size).toBe(2);
  });
});

describe("the next visit", () => {
  function returning(
    answer: Answer | ((request: Request) => Answer),
    storage = new MemoryStorage(),
  ) {
    storage.setItem(KEY, JSON.stringify({ token: TOKEN, refreshedAt: Date.now() }));
    const tab = openTab(new FakeEnvironment(storage));
    tab.environment.respond = typeof answer === "function" ? answer : () => answer;
    tab.client.start();
    return tab;
  }

  it("goes on with the stored session", async () => {
    const { environment } = returning({
      status: 200,
      body: { isValid: true, session: session(), ticket: "T2" },
    });
    await settle();
    expect(environment.requests[0]).toMatchObject({
      path: "/api/sessions/S1/validate",
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(environment.socket.protocols[1]).toBe("ds.ticket.T2");
  });

  it("shows an ended session with its last messages, and no socket", async () => {
    const ended = session({ status: "terminated", lastSeq: 2 });
    const { client, environment } = returning(({ path }) =>
      path.includes("/messages")
        ? { status: 200, body: { messages: [message(1), message(2)] } }
        : { status: 200, body: { isValid: false, reason: "terminated", session: ended } },
    );
    await vi.advanceTimersByTimeAsync(1_000);
    expect(environment.sockets).toHaveLength(0);
    expect(environment.requests.at(-1)?.path).toBe("/api/sessions/S1/messages?before=3&limit=50");
    expect(client.getState()).toMatchObject({
      status: "terminated",
      messages: [{ seq: 1 }, { seq: 2 }],
      older: "none",
    });
  });

  it("says that a token is worth nothing any more", async () => {
    const { client, environment } = returning({
      status: 401,
      body: { code: "invalid_credential" },
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(environment.requests).toHaveLength(1);
    expect(client.getState()).toMatchObject({
      status: "error",
      error: { code: "invalid_credential", retryable: false },
    });
  });

  it("looks into storage again before it believes that", async () => {
    const storage = new MemoryStorage();
    const { environment } = returning(({ headers }) => {
      if (headers.authorization === `Bearer ${TOKEN}`) {
        storage.setItem(KEY, JSON.stringify({ token: "S2.C2.secret" }));
        return { status: 401, body: { code: "invalid_credential" } };
      }
      return { status: 200, body: { isValid: true, session: session({ id: "S2" }), ticket: "T" } };
    }, storage);
    await settle();
    expect(environment.socket.url.pathname).toBe("/api/sessions/S2/socket");
  });

  it.each(["not json", "null", '"text"', "[]", '{"token":7}'])(
    "takes %s in storage for nothing",
    async (text) => {
      const storage = new MemoryStorage();
      storage.setItem(KEY, text);
      const { client, environment } = openTab(new FakeEnvironment(storage));
      healthyApi(environment);
      client.start();
      await settle();
      expect(environment.requests[0]?.path).toBe("/api/sessions/create");
    },
  );
});

describe("the end and what comes after", () => {
  it("ends the session for all", async () => {
    const { client, environment } = await syncedTab();
    environment.respond = () => ({ status: 204 });
    await client.terminateSession();
    expect(environment.requests.at(-1)).toMatchObject({
      method: "DELETE",
      path: "/api/sessions/S1",
    });
    expect(environment.socket.closedByClient).toBe(true);
    expect(client.getState().status).toBe("terminated");
  });

  it("leaves everything as it is when ending fails", async () => {
    const { client, environment } = await syncedTab();
    environment.respond = () => "down";
    await expect(client.terminateSession()).rejects.toMatchObject({ code: "network_error" });
    expect(client.getState()).toMatchObject({ status: "active", connection: { state: "online" } });
  });

  it("begins a new session, and other tabs follow into it", async () => {
    const storage = new MemoryStorage();
    const api = creatingApi();
    const [one, two] = [0, 1].map((index) => {
      const tab = openTab(new FakeEnvironment(storage, `tab${index}`));
      tab.environment.respond = (request) => api.respond(request);
      tab.client.start();
      return tab;
    });
    await settle();
    for (const tab of [one, two]) {
      sync(tab!.environment.socket, 1, {
        type: "messages",
        from: 0,
        to: 1,
        messages: [message(1)],
      });
      await tab!.client.terminateSession();
    }
    void one!.client.createSession();
    void two!.client.createSession();
    await settle();
    expect(api.sessions.size).toBe(2);
    for (const tab of [one, two]) {
      expect(tab!.environment.socket.url.href).toBe(
        `${BASE_URL.replace("http", "ws")}/api/sessions/S2/socket?tail=50`,
      );
      expect(tab!.client.getState()).toMatchObject({ status: "creating", messages: [] });
    }
  });
});

describe("storage that fails", () => {
  it("costs the next visit, not this one", async () => {
    const full = new MemoryStorage();
    full.setItem = () => {
      throw new Error("QuotaExceededError");
    };
    const { client, environment } = openTab(new FakeEnvironment(full));
    environment.respond = () => "down";
    client.start();
    await settle();
    healthyApi(environment);
    await vi.advanceTimersByTimeAsync(1_000);
    sync(environment.socket, 0);
    await vi.advanceTimersByTimeAsync(55_000);
    environment.socket.close(1006);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(environment.requests.map(({ path }) => path)).toEqual([
      "/api/sessions/create",
      "/api/sessions/create",
      "/api/sessions/S1/validate",
    ]);
    const [first, second] = environment.requests;
    expect(first?.headers["idempotency-key"]).toBe(second?.headers["idempotency-key"]);
  });
});

describe("an answer that is none", () => {
  it("ends no session", async () => {
    const { client, environment } = await syncedTab();
    await vi.advanceTimersByTimeAsync(60_000);
    environment.respond = () => ({ status: 200, body: {} });
    environment.socket.close(1006);
    await vi.advanceTimersByTimeAsync(20_000);
    const { status, connection } = client.getState();
    expect(status).toBe("active");
    expect(connection.state).not.toBe("closed");
  });

  it("that comes after this tab went elsewhere does not take it back", async () => {
    const environment = new FakeEnvironment();
    const options = { baseUrl: BASE_URL, teamId: "demo", environment };
    const client = createSessionClient({ ...options, tokenTransport: "cookie" });
    healthyApi(environment);
    environment.storage?.setItem(KEY, JSON.stringify({ sessionId: "S1", generation: 0 }));
    client.start();
    await settle();
    let answer: (answer: Answer) => void = () => undefined;
    environment.respond = () => new Promise((resolve) => (answer = resolve));
    client.refreshSession().catch(() => undefined);
    await settle();
    const id = "S2";
    environment.respond = () => ({
      status: 200,
      body: { isValid: true, session: session({ id }), ticket: "T" },
    });
    environment.storage?.setItem(KEY, JSON.stringify({ sessionId: id, generation: 1 }));
    environment.signal("returned");
    await settle();
    answer({ status: 200, body: { session: session(), ticket: "T" } });
    await settle();
    await client.terminateSession();
    expect(environment.requests.at(-1)?.path).toBe("/api/sessions/S2");
  });
});

describe("a client that was stopped", () => {
  it("opens the session when that is asked of it, wherever it was when it was stopped", async () => {
    const { client, environment } = openTab();
    environment.respond = () => "down";
    client.start();
    await settle();
    client.stop();
    healthyApi(environment);
    const created = client.createSession();
    await settle();
    sync(environment.socket, 0);
    expect(await created).toBe("S1");
    client.stop();
    const again = client.createSession();
    await settle();
    expect(environment.sockets).toHaveLength(2);
    sync(environment.socket, 0);
    expect(await again).toBe("S1");
  });
});

describe("a clock that was put back", () => {
  it.each([60_000, 10 * 60_000])(
    "by %i ms does not sign anybody out with an old ticket",
    async (backMs) => {
      const { client, environment } = await syncedTab();
      await vi.advanceTimersByTimeAsync(35_000);
      environment.socket.text("pong");
      await vi.advanceTimersByTimeAsync(25_000);
      environment.socket.text("pong");
      vi.setSystemTime(Date.now() - backMs);
      environment.socket.close(1006);
      const { delivered } = client.send("kept");
      delivered.catch(() => undefined);
      await vi.advanceTimersByTimeAsync(1_000);
      // The server refuses every ticket that is older than a minute.
      if (environment.socket.protocols[1] === "ds.ticket.ticket-of-create") {
        environment.socket.close(4401);
        await settle();
      }
      expect(environment.socket.protocols[1]).toBe("ds.ticket.ticket-of-validate");
      sync(environment.socket, 0);
      expect(environment.socket.frames).toMatchObject([{ messages: [{ content: "kept" }] }]);
    },
  );
});
