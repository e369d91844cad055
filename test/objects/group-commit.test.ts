// What shares a commit, and what happens to messages that are still waiting for theirs. Frames are handed to the object
// within one turn, as they arrive together from the network.
import { runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import type { SessionObject } from "../../objects/session.ts";
import type { NewMessage } from "../../src/protocol/message.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { DAY_MS } from "../support/clock.ts";
import { objectOf } from "../support/object-of.ts";
import { TestSocket } from "../support/socket.ts";

afterEach(() => {
  vi.useRealTimers();
});

function message(clientId: string): NewMessage {
  return { clientId, content: `content of ${clientId}` };
}

async function join(created: SessionWithToken): Promise<TestSocket> {
  const socket = await TestSocket.open(created.session, created.ticket);
  await socket.first("synced");
  return socket;
}

/** Hands the object one `send` frame for each list of messages, in one turn, then does `after` in the same turn. */
function inOneTurn(
  created: SessionWithToken,
  sends: readonly (readonly NewMessage[])[],
  after: (object: SessionObject) => unknown = () => undefined,
): Promise<void> {
  return runInDurableObject(objectOf(created.session.id), async (object: SessionObject, ctx) => {
    const [socket] = ctx.getWebSockets();
    if (socket === undefined) throw new Error("no socket");
    for (const messages of sends) {
      void object.webSocketMessage(socket, JSON.stringify({ type: "send", messages }));
    }
    await after(object);
  });
}

test("the first goes at once, what arrives meanwhile shares the next frame", async () => {
  const created = await newSession(await newTeam());
  const socket = await join(created);
  await inOneTurn(created, [[message("1")], [message("2")], [message("3"), message("4")]]);
  await socket.until(() => socket.messages.length === 4);
  const frames = socket.all("messages").map(({ from, to }) => [from, to]);
  expect(frames).toEqual([
    [0, 1],
    [1, 4],
  ]);
});

test("one bad message of a group fails alone, and its sender hears which", async () => {
  const teamId = await newTeam({ limits: { bytesPerSession: 1_000 } });
  const created = await newSession(teamId);
  const socket = await join(created);
  const big = { clientId: "big", content: "b".repeat(900) };
  const elsewhere = { ...message("elsewhere"), conversationId: "conv_unknown" };
  await inOneTurn(created, [
    [message("1")],
    [message("1"), big, message("2")],
    [elsewhere, message("3"), message("2")],
  ]);
  await socket.until(() => socket.all("error").length === 2 && socket.messages.length === 3);
  expect(socket.messages.map(({ clientId }) => clientId)).toEqual(["1", "2", "3"]);
  expect(socket.all("stored").flatMap(({ items }) => items)).toEqual([
    { clientId: "1", seq: 1 },
    { clientId: "2", seq: 2 },
  ]);
  expect(socket.all("error")).toEqual([
    { type: "error", code: "quota_exceeded", clientId: "big" },
    { type: "error", code: "conversation_not_found", clientId: "elsewhere" },
  ]);
});

test("what waits when the session is ended is stored and delivered before the end", async () => {
  const teamId = await newTeam();
  const created = await newSession(teamId);
  const socket = await join(created);
  await inOneTurn(created, [[message("1")], [message("2")]], (object) =>
    object.terminate({
      actor: { kind: "team", teamId, keyId: undefined },
      teamRevision: undefined,
      teamConfirmedAt: undefined,
    }),
  );
  expect(await socket.closed()).toBe(4410);
  expect(socket.messages.map(({ clientId }) => clientId)).toEqual(["1", "2"]);
  const key = await newTeamKey(teamId, ["sessions:read"]);
  const history = await call(`/api/sessions/${created.session.id}/messages`, { bearer: key });
  expect((await history.json<{ messages: unknown[] }>()).messages).toHaveLength(2);
});

test("what waits when the deadline passes is refused, and its sender hears which", async () => {
  const created = await newSession(await newTeam());
  const socket = await join(created);
  vi.useFakeTimers({ toFake: ["Date"] });
  await inOneTurn(created, [[message("1")], [message("2")]], () => {
    vi.setSystemTime(Date.now() + 31 * DAY_MS);
  });
  const error = await socket.first("error");
  expect(error).toEqual({ type: "error", code: "session_expired", clientId: "2" });
  expect(socket.messages.map(({ clientId }) => clientId)).toEqual(["1"]);
});
