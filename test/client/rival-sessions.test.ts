// Tabs that created two sessions at once: what becomes of the one that nobody needs.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createSessionClient } from "../../client/core/client.ts";
import { BASE_URL, openTab, settle } from "./fake-client.ts";
import { FakeEnvironment, MemoryStorage, session } from "./fake-environment.ts";

const KEY = "durable-sessions/demo/session";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

it("a session is ended whose tab went into an elder one before the answer came, and which storage has lost", async () => {
  const storage = new MemoryStorage();
  const { client, environment } = openTab(new FakeEnvironment(storage));
  environment.respond = ({ method, path }) => {
    if (path.endsWith("/create")) {
      storage.setItem(KEY, JSON.stringify({ token: "S0.C0.elder", beganAt: 1 }));
      environment.signal("returned");
      // Written before the elder one's was known of, and told after it.
      storage.setItem(KEY, JSON.stringify({ createKey: "other" }));
      const created = { session: session({ id: "S1" }), token: "S1.C1.secret", ticket: "T" };
      return { status: 201, body: created };
    }
    return method === "DELETE"
      ? { status: 204 }
      : { status: 200, body: { isValid: true, session: session({ id: "S0" }), ticket: "T" } };
  };
  client.start();
  await settle();
  expect(environment.requests.map(({ method, path }) => `${method} ${path}`)).toContain(
    "DELETE /api/sessions/S1",
  );
  expect(environment.socket.url.pathname).toBe("/api/sessions/S0/socket");
  expect(JSON.parse(storage.getItem(KEY) ?? "")).toMatchObject({ token: "S0.C0.elder" });
});

it("a key of a creation that is spent is replaced only when storage has had time to tell what came of it", async () => {
  const storage = new MemoryStorage();
  storage.setItem(KEY, JSON.stringify({ createKey: "shared" }));
  const { client, environment } = openTab(new FakeEnvironment(storage));
  environment.respond = ({ path }) =>
    path.endsWith("/create")
      ? { status: 409, body: { code: "idempotency_key_expired" } }
      : { status: 200, body: { isValid: true, session: session(), ticket: "T" } };
  client.start();
  await settle();
  storage.setItem(KEY, JSON.stringify({ token: "S1.C1.secret", refreshedAt: Date.now() }));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(environment.requests.map(({ path }) => path)).toEqual([
    "/api/sessions/create",
    "/api/sessions/S1/validate",
  ]);
});

it("a cookie that is gone for good is told as such, and not as a key of a creation that is too old", async () => {
  const storage = new MemoryStorage();
  const record = { sessionId: "S1", createKey: "key", refreshedAt: Date.now(), beganAt: 1 };
  storage.setItem(KEY, JSON.stringify(record));
  const environment = new FakeEnvironment(storage);
  const options = { baseUrl: BASE_URL, teamId: "demo", environment } as const;
  const client = createSessionClient({ ...options, tokenTransport: "cookie" });
  environment.respond = ({ path }) =>
    path.endsWith("/create")
      ? { status: 409, body: { code: "idempotency_key_expired" } }
      : { status: 401, body: { code: "invalid_credential" } };
  client.start();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(client.getState()).toMatchObject({
    status: "error",
    error: { code: "invalid_credential" },
  });
});
