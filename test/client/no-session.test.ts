// A page that has no session, for now or for good: what its state says, and what becomes of what is written.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { healthyApi, openTab, settle, sync, syncedTab } from "./fake-client.ts";
import { session, welcome } from "./fake-environment.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

it("a first visit says why after five attempts, goes on trying, and forgets it once there is a session", async () => {
  const { client, environment } = openTab();
  environment.respond = () => "down";
  client.start();
  const created = client.createSession();
  for (let attempt = 1; attempt < 5; attempt += 1) {
    await settle();
    expect(environment.requests).toHaveLength(attempt);
    expect(client.getState().error).toBeUndefined();
    environment.signal("network");
  }
  await settle();
  expect(client.getState()).toMatchObject({
    status: "creating",
    error: { code: "network_error", retryable: true },
    connection: { state: "waiting", attempt: 5 },
  });
  healthyApi(environment);
  await vi.advanceTimersByTimeAsync(9_000);
  expect(client.getState().error).toBeUndefined();
  sync(environment.socket, 0);
  expect(await created).toBe("S1");
});

it("a page that knows its session waits for it without a word", async () => {
  const { client, environment } = await syncedTab();
  environment.respond = () => "down";
  for (let attempt = 0; attempt < 10; attempt += 1) {
    environment.socket.close(1006);
    await vi.advanceTimersByTimeAsync(60_000);
    environment.signal("network");
    await settle();
  }
  expect(client.getState().error).toBeUndefined();
});

it("what is written by somebody who is signed out fails at once, and can be sent into the next session", async () => {
  const { client, environment } = await syncedTab();
  environment.respond = () => ({ status: 401, body: { code: "invalid_credential" } });
  environment.socket.close(4401);
  await vi.advanceTimersByTimeAsync(1_000);
  const { delivered } = client.send("hello?");
  await expect(delivered).rejects.toMatchObject({ code: "invalid_credential" });
  expect(client.getState()).toMatchObject({
    status: "error",
    error: { code: "invalid_credential" },
    pendingCount: 0,
    messages: [{ content: "hello?", delivery: "failed", failure: "invalid_credential" }],
  });
  const next = { session: session({ id: "S2" }), token: "S2.C2.secret", ticket: "T" };
  environment.respond = () => ({ status: 201, body: next });
  void client.createSession();
  await settle();
  environment.socket.down(welcome({ id: "S2" }), { type: "synced", seq: 0 });
  expect(client.getState().previous?.unsent).toMatchObject([{ content: "hello?" }]);
  client.sendUnsent();
  expect(client.getState().messages).toMatchObject([{ content: "hello?", delivery: "sending" }]);
});
