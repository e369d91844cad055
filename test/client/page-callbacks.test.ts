import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSessionClient } from "../../client/core/client.ts";
import { BASE_URL, healthyApi, openTab, settle, sync } from "./fake-client.ts";
import { FakeEnvironment, message } from "./fake-environment.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("what the page is asked before a session is created", () => {
  const never = () => new Promise<never>(() => undefined);

  it("does not hold it up for ever", async () => {
    const environment = Object.assign(new FakeEnvironment(), {
      fingerprint: never,
      deviceInfo: never,
    });
    healthyApi(environment);
    openTab(environment).client.start();
    await vi.advanceTimersByTimeAsync(70_000);
    expect(environment.sockets).not.toHaveLength(0);
  });

  it("is asked again where the session cannot be without it", async () => {
    const environment = new FakeEnvironment();
    healthyApi(environment);
    const getTurnstileToken = vi.fn<() => Promise<string>>(never);
    createSessionClient({
      baseUrl: BASE_URL,
      teamId: "demo",
      environment,
      getTurnstileToken,
    }).start();
    await vi.advanceTimersByTimeAsync(59_000);
    expect(environment.requests).toEqual([]);
    getTurnstileToken.mockResolvedValue("solved");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(environment.requests[0]?.body).toMatchObject({ turnstileToken: "solved" });
  });

  it("may be answered with an error", async () => {
    const environment = new FakeEnvironment();
    healthyApi(environment);
    const getIdentityToken = vi.fn<() => string | undefined>(() => {
      throw new TypeError("not signed in");
    });
    const client = createSessionClient({
      baseUrl: BASE_URL,
      teamId: "demo",
      environment,
      getIdentityToken,
    });
    client.start();
    await settle();
    expect(client.getState().connection).toMatchObject({ state: "waiting" });
    getIdentityToken.mockImplementation(() => undefined);
    await vi.advanceTimersByTimeAsync(1_000);
    getIdentityToken.mockImplementation(() => {
      throw new TypeError("not signed in");
    });
    await expect(client.identify()).rejects.toMatchObject({ code: "network_error" });
  });
});

describe("an identity token that is refused", () => {
  it("costs nothing of what was written", async () => {
    const environment = new FakeEnvironment();
    const getIdentityToken = vi.fn<() => string | undefined>(() => "used before");
    const client = createSessionClient({
      baseUrl: BASE_URL,
      teamId: "demo",
      environment,
      getIdentityToken,
    });
    environment.respond = () => ({ status: 401, body: { code: "invalid_identity_token" } });
    const { delivered } = client.send("kept");
    const outcome = vi.fn<() => void>();
    delivered.then(outcome, outcome);
    client.start();
    await settle();
    expect(client.getState()).toMatchObject({
      status: "error",
      error: { code: "invalid_identity_token" },
      messages: [{ content: "kept", delivery: "queued" }],
    });
    getIdentityToken.mockReturnValue(undefined);
    healthyApi(environment);
    void client.createSession();
    await settle();
    sync(environment.socket, 0);
    const stored = message(1, { role: "user", clientId: "id-1" });
    environment.socket.down({ type: "messages", from: 0, to: 1, messages: [stored] });
    await settle();
    expect(outcome).toHaveBeenCalledWith(undefined);
  });
});
