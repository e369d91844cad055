// Tabs that created two sessions at once: what becomes of the one that nobody needs.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openTab, settle } from "./fake-client.ts";
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
