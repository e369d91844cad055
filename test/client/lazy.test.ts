// Sessions that are made with the first message, and what storage knows of a session that this tab has not come into.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createSessionClient } from "../../client/core/client.ts";
import { BASE_URL, healthyApi, settle, TOKEN } from "./fake-client.ts";
import type { Answer } from "./fake-environment.ts";
import { FakeEnvironment, MemoryStorage, session, welcome } from "./fake-environment.ts";

const KEY = "durable-sessions/demo/session";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function lazyTab(storage = new MemoryStorage()) {
  const environment = new FakeEnvironment(storage);
  healthyApi(environment);
  const options = { baseUrl: BASE_URL, teamId: "demo", autoCreate: "lazy", environment } as const;
  const client = createSessionClient(options);
  return { client, environment, storage };
}

const over = (reason: "expired" | "terminated"): Answer => ({
  status: 200,
  body: { isValid: false, reason, session: session({ status: reason }) },
});

it("makes the session for what a page wrote that is gone", async () => {
  const { client, environment, storage } = lazyTab();
  environment.respond = () => "down";
  client.start();
  client.send("hello");
  client.stop();
  const next = lazyTab(storage);
  next.client.start();
  await settle();
  expect(next.environment.requests.map(({ path }) => path)).toEqual(["/api/sessions/create"]);
});

it("makes it for what another tab wrote that dies before it can", async () => {
  const { client, environment, storage } = lazyTab();
  client.start();
  const writer = lazyTab(storage);
  writer.environment.respond = () => "down";
  writer.client.start();
  writer.client.send("hello");
  writer.client.stop();
  environment.signal("returned");
  await vi.advanceTimersByTimeAsync(4_000);
  expect(environment.requests.map(({ path }) => path)).toEqual(["/api/sessions/create"]);
});

it("looks up a session that is over, to say which and to show it", async () => {
  const { client, environment, storage } = lazyTab();
  client.start();
  storage.setItem(KEY, JSON.stringify({ token: TOKEN, ended: true }));
  environment.respond = () => over("terminated");
  environment.signal("returned");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(client.getState()).toMatchObject({ status: "terminated", sessionId: "S1" });
});

it("remembers that it was ended before this tab came into it", async () => {
  const storage = new MemoryStorage();
  storage.setItem(KEY, JSON.stringify({ token: TOKEN, refreshedAt: Date.now() }));
  const { client, environment } = lazyTab(storage);
  environment.respond = ({ method }) => (method === "DELETE" ? { status: 204 } : "down");
  client.start();
  await settle();
  await client.terminateSession();
  expect(client.getState()).toMatchObject({ status: "terminated", sessionId: "S1" });
  expect(JSON.parse(storage.getItem(KEY) ?? "")).toMatchObject({ ended: true });
});

it("is followed by no other where a person ended it, though its time had come before", async () => {
  const storage = new MemoryStorage();
  storage.setItem(KEY, JSON.stringify({ token: TOKEN, refreshedAt: Date.now(), ended: true }));
  const { client, environment } = lazyTab(storage);
  environment.respond = () => over("expired");
  client.start();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(client.getState()).toMatchObject({ status: "terminated", sessionId: "S1" });
});

it("leaves to the next session what was written before it was known that there is one that is over", async () => {
  const { client, environment, storage } = lazyTab();
  environment.respond = () => "down";
  client.start();
  const { delivered } = client.send("hello");
  storage.setItem(KEY, JSON.stringify({ token: TOKEN, refreshedAt: Date.now() }));
  const next = { session: session({ id: "S2" }), token: "S2.C2.secret", ticket: "T" };
  environment.respond = ({ path }) =>
    path.endsWith("/create") ? { status: 201, body: next } : over("expired");
  environment.signal("returned");
  await vi.advanceTimersByTimeAsync(10_000);
  environment.signal("network");
  await settle();
  const { socket } = environment;
  expect(socket.url.pathname).toBe("/api/sessions/S2/socket");
  socket.down(welcome({ id: "S2" }), { type: "synced", seq: 0 });
  const [sent] = client.getState().messages;
  expect(sent).toMatchObject({ content: "hello", delivery: "sending" });
  socket.down({ type: "stored", items: [{ clientId: sent?.key ?? "", seq: 1 }] });
  await delivered;
});
