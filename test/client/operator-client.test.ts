import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { OperatorClient } from "../../client/core/operator-client.ts";
import { createOperatorClient } from "../../client/core/operator-client.ts";
import type { DownFrame } from "../../src/protocol/frames.ts";
import { BASE_URL, settle } from "./fake-client.ts";
import { FakeEnvironment, message, messages, session } from "./fake-environment.ts";

const ADA = { id: "ada", name: "Ada" };

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

interface Inbox {
  readonly client: OperatorClient;
  readonly environment: FakeEnvironment;
}

function welcomed(lastSeq: number): DownFrame {
  const since = "2026-01-01T00:00:00.000Z";
  return {
    type: "welcome",
    session: session({ lastSeq }),
    connectionId: "K1",
    role: "operator",
    lastSeq,
    presence: [{ connectionId: "K1", role: "operator", author: ADA, since }],
  };
}

async function opened(): Promise<Inbox> {
  const environment = new FakeEnvironment();
  environment.respond = () => ({
    status: 200,
    body: { isValid: true, session: session(), ticket: "ticket" },
  });
  const client = createOperatorClient({
    baseUrl: BASE_URL,
    operatorToken: "op_1_secret",
    sessionId: "S1",
    environment,
  });
  client.start();
  await settle();
  return { client, environment };
}

async function synced(...frames: DownFrame[]): Promise<Inbox> {
  const inbox = await opened();
  const seq = frames.length;
  inbox.environment.socket.down(welcomed(seq), ...frames, { type: "synced", seq });
  await settle();
  return inbox;
}

describe("an operator's client", () => {
  it("validates with its token, and opens a socket with the ticket alone", async () => {
    const { environment } = await opened();
    expect(environment.requests).toMatchObject([
      { path: "/api/sessions/S1/validate", headers: { authorization: "Bearer op_1_secret" } },
    ]);
    expect(environment.socket.protocols).toEqual(["ds.v1", "ds.ticket.ticket"]);
    expect(environment.socket.url.href).not.toContain("op_1");
  });

  it("stores nothing", async () => {
    const { environment } = await synced(messages(0, 1));
    expect(environment.tabStorage.items.size).toBe(0);
    expect((environment.storage as FakeEnvironment["tabStorage"]).items.size).toBe(0);
  });

  it("shows what it writes under the name that the log will give it, once", async () => {
    const { client, environment } = await synced();
    const { clientId: key } = client.send("Hello, Ada here");
    expect(client.getState().messages).toMatchObject([
      { key, role: "operator", author: ADA, delivery: "sending" },
    ]);
    const stored = message(1, { clientId: key, role: "operator", author: ADA, content: "Hello" });
    environment.socket.down({ type: "messages", from: 0, to: 1, messages: [stored] });
    expect(client.getState().messages).toMatchObject([{ key, seq: 1, delivery: "sent" }]);
  });

  it("takes no visitor's message for its own", async () => {
    const { client, environment } = await synced();
    const { clientId } = client.send("mine");
    const other = message(1, { clientId, role: "user", content: "theirs" });
    environment.socket.down({ type: "messages", from: 0, to: 1, messages: [other] });
    expect(client.getState().messages.map(({ content }) => content)).toEqual(["theirs", "mine"]);
  });

  it("marks as read what the visitor wrote, once, and nothing of its own side", async () => {
    const stored = [message(1, { role: "user" }), message(2), message(3, { role: "operator" })];
    const { client, environment } = await opened();
    environment.socket.down(
      welcomed(3),
      { type: "messages", from: 0, to: 3, messages: stored },
      { type: "synced", seq: 3 },
    );
    await settle();
    client.markRead();
    client.markRead();
    const marks = environment.socket.frames.filter(({ type }) => type === "read");
    expect(marks).toEqual([{ type: "read", conversationId: "C1", seq: 1 }]);
  });

  it("says who answers", async () => {
    const { client, environment } = await synced();
    environment.respond = () => ({ status: 200, body: {} });
    await client.updateConversation({ handledBy: "operator" });
    expect(environment.requests.at(-1)).toMatchObject({
      method: "PATCH",
      path: "/api/sessions/S1/conversations/C1",
      body: { handledBy: "operator" },
    });
  });

  it("ends for good when the operator was signed out", async () => {
    const { client, environment } = await synced();
    environment.socket.close(4401);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(client.getState()).toMatchObject({ status: "error", error: { status: 401 } });
    expect(environment.sockets).toHaveLength(1);
  });

  it("shows how the session ended, and what was said in it", async () => {
    const { client, environment } = await opened();
    environment.respond = ({ path }) =>
      path.includes("/messages")
        ? { status: 200, body: { messages: [message(1)] } }
        : {
            status: 200,
            body: {
              isValid: false,
              reason: "expired",
              session: session({ status: "expired", version: 2, lastSeq: 1 }),
            },
          };
    environment.socket.close(4410);
    await settle();
    expect(client.getState()).toMatchObject({
      status: "expired",
      messages: [{ content: "message 1" }],
    });
  });
});
