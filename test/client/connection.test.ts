import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WELCOME_TIMEOUT_MS } from "../../client/core/connection.ts";
import { PONG_TIMEOUT_MS, PROBE_TIMEOUT_MS } from "../../client/core/heartbeat.ts";
import { STABLE_AFTER_MS } from "../../client/core/reconnect-policy.ts";
import { PING_INTERVAL_MS } from "../../src/protocol/limits.ts";
import { connectingTab, healthyApi, openTab, settle, sync, syncedTab } from "./fake-client.ts";
import type { Answer } from "./fake-environment.ts";
import { message, messages, session, welcome } from "./fake-environment.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("creating", () => {
  it("brings the ticket as a subprotocol and asks for the newest messages", async () => {
    const { environment, client } = await connectingTab();
    expect(environment.socket.url.href).toBe("wss://chat.example/api/sessions/S1/socket?tail=50");
    expect(environment.socket.protocols).toEqual(["ds.v1", "ds.ticket.ticket-of-create"]);
    expect(client.getState()).toMatchObject({
      status: "creating",
      connection: { state: "connecting" },
    });
    environment.socket.down(welcome());
    expect(client.getState()).toMatchObject({
      status: "active",
      connection: { state: "online" },
      connectionId: "K1",
      synced: false,
    });
  });

  it("uses a ticket again while it is young, and validates for a new one after", async () => {
    const { environment } = await syncedTab();
    environment.socket.close(1006);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(environment.sockets).toHaveLength(2);
    expect(environment.socket.protocols[1]).toBe("ds.ticket.ticket-of-create");
    expect(environment.requests).toHaveLength(1);
    sync(environment.socket, 0);
    await vi.advanceTimersByTimeAsync(50_000);
    environment.socket.text("pong");
    environment.socket.close(1006);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(environment.socket.protocols[1]).toBe("ds.ticket.ticket-of-validate");
    expect(environment.requests.map(({ path }) => path)).toEqual([
      "/api/sessions/create",
      "/api/sessions/S1/validate",
    ]);
  });

  it("gives up on a server that does not welcome", async () => {
    const { environment, client } = await connectingTab();
    await vi.advanceTimersByTimeAsync(WELCOME_TIMEOUT_MS);
    expect(environment.socket.closedByClient).toBe(true);
    expect(client.getState().connection).toMatchObject({ state: "waiting", attempt: 1 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(environment.sockets).toHaveLength(2);
  });
});

describe("coming back", () => {
  it("resumes after the last message that it has", async () => {
    const { environment } = await syncedTab(3, messages(0, 3));
    environment.socket.close(1006);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(environment.socket.url.search).toBe("?after=3");
  });

  it("waits longer with each failure and says until when", async () => {
    const { environment, client } = await connectingTab();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      environment.socket.close(1006);
      const { retryAt = 0 } = client.getState().connection;
      waits.push(retryAt - Date.now());
      await vi.advanceTimersByTimeAsync(retryAt - Date.now());
      expect(environment.sockets).toHaveLength(attempt + 2);
    }
    // Half of 0.5 s, 1 s, 2 s and 4 s: the fake's random number is 0.5.
    expect(waits).toEqual([250, 500, 1000, 2000, 2000, 2000, 2000]);
  });

  it("starts counting anew only after a connection that lasted", async () => {
    const { environment, client } = await syncedTab();
    environment.socket.close(1006);
    await vi.advanceTimersByTimeAsync(250);
    sync(environment.socket, 0);
    environment.socket.close(1006);
    expect(client.getState().connection).toMatchObject({ state: "waiting", attempt: 2 });
    await vi.advanceTimersByTimeAsync(500);
    sync(environment.socket, 0);
    await vi.advanceTimersByTimeAsync(STABLE_AFTER_MS);
    environment.socket.close(1006);
    expect(client.getState().connection).toMatchObject({ state: "waiting", attempt: 1 });
  });

  it("tries at once when somebody looks again or the network changed", async () => {
    const { environment } = await connectingTab();
    for (const event of ["returned", "network"] as const) {
      environment.socket.close(1006);
      const opened = environment.sockets.length;
      environment.signal(event);
      await settle();
      expect(environment.sockets).toHaveLength(opened + 1);
    }
  });

  it("lets go of everything when it is stopped", async () => {
    const { environment, client } = await syncedTab();
    await settle();
    client.stop();
    expect(environment.socket.closedByClient).toBe(true);
    expect(environment.attentionListeners).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("opens nothing for a ticket that comes after it was stopped", async () => {
    const { client, environment } = openTab();
    healthyApi(environment);
    client.start();
    client.stop();
    await settle();
    expect(environment.sockets).toHaveLength(0);
    client.start();
    await settle();
    expect(environment.sockets).toHaveLength(1);
  });

  it("resumes at once after 4408, as long as that brings something", async () => {
    const { environment, client } = await syncedTab(3, messages(0, 3));
    environment.socket.close(4408);
    await settle();
    expect(environment.sockets).toHaveLength(2);
    expect(environment.socket.url.search).toBe("?after=3");
    environment.socket.down(welcome({ lastSeq: 9 }));
    environment.socket.close(4408);
    await settle();
    expect(environment.sockets).toHaveLength(2);
    expect(client.getState().connection.state).toBe("waiting");
  });

  it("leaves a server alone that has too many", async () => {
    const { environment, client } = await connectingTab();
    environment.socket.close(4429);
    const { retryAt = 0 } = client.getState().connection;
    expect(retryAt - Date.now()).toBe(5000);
  });

  it("keeps to the pause that a close asks for", async () => {
    const { environment, client } = await syncedTab();
    environment.socket.close(4429, "rate_limited retryAfterMs=70000");
    const { retryAt = 0 } = client.getState().connection;
    expect(retryAt - Date.now()).toBe(75_000);
  });

  it("keeps to the pause that the API asks for", async () => {
    const { environment, client } = await syncedTab();
    // The ticket is old by now.
    vi.setSystemTime(Date.now() + 120_000);
    environment.respond = () => ({
      status: 503,
      body: { code: "unavailable", status: 503 },
      headers: { "retry-after": "20" },
    });
    environment.socket.close(1006);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(environment.sockets).toHaveLength(1);
    const { retryAt = 0 } = client.getState().connection;
    expect(retryAt - Date.now()).toBeGreaterThan(15_000);
  });
});

describe("the end", () => {
  it.each([
    [4400, "protocol_error"],
    [4401, "invalid_credential"],
    [4403, "forbidden"],
  ])("takes %i for final", async (code, error) => {
    const { environment, client } = await syncedTab();
    environment.socket.close(code);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(environment.sockets).toHaveLength(1);
    expect(client.getState()).toMatchObject({
      status: "error",
      error: { code: error, retryable: false },
      connection: { state: "closed" },
    });
  });

  it.each(["expired", "terminated"] as const)("learns after 4410 that it %s", async (reason) => {
    const { environment, client } = await syncedTab(1, messages(0, 1));
    client.send("too late");
    environment.respond = () => ({
      status: 200,
      body: { isValid: false, reason, session: session({ status: reason, version: 2 }) },
    });
    environment.socket.close(4410);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(environment.sockets).toHaveLength(1);
    expect(client.getState()).toMatchObject({
      status: reason,
      session: { status: reason },
      messages: [{ delivery: "sent" }, { delivery: "failed", failure: `session_${reason}` }],
    });
  });

  it("is not made up where the API cannot be asked after 4410", async () => {
    const { environment, client } = await syncedTab();
    environment.respond = () => "down";
    environment.socket.close(4410);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(client.getState().status).toBe("creating");
    const over = session({ status: "expired", version: 2 });
    environment.respond = ({ path }) =>
      path.endsWith("/validate")
        ? { status: 200, body: { isValid: false, reason: "expired", session: over } }
        : { status: 404, body: { code: "team_not_found" } };
    await vi.advanceTimersByTimeAsync(20_000);
    expect(client.getState().session).toMatchObject({ status: "expired" });
  });

  it("leaves a server alone that says 4410 of a session that the API finds valid", async () => {
    const { environment } = await syncedTab();
    environment.socket.close(4410);
    for (let second = 0; second < 60; second += 1) {
      await vi.advanceTimersByTimeAsync(1_000);
      environment.socket.close(4410);
    }
    expect(environment.sockets.length).toBeLessThan(30);
  });

  it("that comes to light after the client was stopped opens nothing", async () => {
    const { environment, client } = await syncedTab();
    environment.socket.close(4410);
    client.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(environment.sockets).toHaveLength(1);
    expect(environment.attentionListeners).toBe(0);
  });

  it("comes with the frame that says so, before the socket is closed", async () => {
    const { environment, client } = await syncedTab();
    client.send("too late");
    const ended = session({ status: "terminated", endReason: "terminated", version: 2 });
    environment.socket.down({ type: "session", session: ended });
    expect(environment.socket.closedByClient).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(client.getState()).toMatchObject({
      status: "terminated",
      session: { version: 2 },
      connection: { state: "closed" },
      messages: [{ delivery: "failed" }],
    });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(environment.sockets).toHaveLength(1);
  });

  it("does not take a refused old ticket for a refused token", async () => {
    const { environment, client } = await connectingTab();
    // The tab slept between asking for the ticket and using it.
    vi.setSystemTime(Date.now() + 120_000);
    environment.socket.close(4401);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(environment.socket.protocols[1]).toBe("ds.ticket.ticket-of-validate");
    environment.socket.close(4401);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(environment.sockets).toHaveLength(2);
    expect(client.getState().status).toBe("error");
  });

  it("takes 4401 on a socket that was open for what it says, however old its ticket", async () => {
    const { environment, client } = await syncedTab();
    vi.setSystemTime(Date.now() + 120_000);
    environment.socket.close(4401);
    await settle();
    expect(client.getState().status).toBe("error");
  });

  it("does not reach into the session that came after", async () => {
    const { environment, client } = await syncedTab();
    let answer: (answer: Answer) => void = () => {};
    environment.respond = () => new Promise((resolve) => (answer = resolve));
    environment.socket.close(4410);
    await settle();
    const answerLookUp = answer;
    healthyApi(environment);
    const record = { token: "S2.C1.secret", generation: 1 };
    environment.storage?.setItem("durable-sessions/demo/session", JSON.stringify(record));
    environment.signal("returned");
    await settle();
    answerLookUp({ status: 200, body: { isValid: false, reason: "terminated" } });
    await settle();
    expect(client.getState().status).toBe("creating");
  });
});

describe("the heartbeat", () => {
  it("pings while the page is visible and only then", async () => {
    const { environment } = await syncedTab();
    await vi.advanceTimersByTimeAsync(PING_INTERVAL_MS);
    expect(environment.socket.pings).toBe(1);
    environment.socket.text("pong");
    await vi.advanceTimersByTimeAsync(PING_INTERVAL_MS);
    expect(environment.socket.pings).toBe(2);
    environment.socket.text("pong");
    environment.isVisible = false;
    await vi.advanceTimersByTimeAsync(3 * PING_INTERVAL_MS);
    expect(environment.socket.pings).toBe(2);
    expect(environment.sockets).toHaveLength(1);
  });

  it("connects anew when a ping is not answered in time", async () => {
    const { environment } = await syncedTab();
    await vi.advanceTimersByTimeAsync(PING_INTERVAL_MS + PONG_TIMEOUT_MS - 1);
    expect(environment.sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(environment.sockets).toHaveLength(2);
    expect(environment.sockets[0]?.closedByClient).toBe(true);
  });

  it.each(["returned", "network"] as const)("gives 2 s for the pong after %s", async (event) => {
    const { environment } = await syncedTab();
    environment.signal(event);
    expect(environment.socket.pings).toBe(1);
    await vi.advanceTimersByTimeAsync(PROBE_TIMEOUT_MS - 1);
    expect(environment.sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(environment.sockets).toHaveLength(2);
  });

  it("takes any frame for a sign of life", async () => {
    const { environment } = await syncedTab();
    environment.signal("returned");
    environment.socket.down({ type: "messages", from: 0, to: 1, messages: [message(1)] });
    await vi.advanceTimersByTimeAsync(PROBE_TIMEOUT_MS);
    expect(environment.sockets).toHaveLength(1);
  });

  it("asks for a pong when it sends on a socket that was silent", async () => {
    const { environment, client } = await syncedTab();
    client.send("hello");
    expect(environment.socket.pings).toBe(0);
    await vi.advanceTimersByTimeAsync(6_000);
    client.send("hello?");
    expect(environment.socket.pings).toBe(1);
    await vi.advanceTimersByTimeAsync(PONG_TIMEOUT_MS);
    expect(environment.sockets).toHaveLength(2);
  });
});

it("keeps the higher version of the session record", async () => {
  const { environment, client } = await syncedTab();
  environment.socket.down({ type: "session", session: session({ version: 5, lastSeq: 5 }) });
  environment.socket.down({ type: "session", session: session({ version: 4, lastSeq: 4 }) });
  expect(client.getState().session).toMatchObject({ version: 5, lastSeq: 5 });
});

it("ignores what it does not know", async () => {
  const { environment, client } = await syncedTab();
  const before = client.getState();
  environment.socket.text('{"type":"of_the_future","x":1}');
  environment.socket.text('{"type":"toString"}');
  environment.socket.text("not json");
  environment.socket.text("null");
  expect(client.getState()).toBe(before);
});
