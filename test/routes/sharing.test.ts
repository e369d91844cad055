/** What somebody who came in by a link may do, over HTTP and on a socket, and what they see of the owner: nothing. */
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { DownFrame } from "../../src/protocol/frames.ts";
import type { ConversationList, MessagePage, SessionWithToken } from "../../src/protocol/rest.ts";
import { call, NO_LIMITS, newSession, newTeam } from "../support/api.ts";
import { refusal } from "../support/problem.ts";
import {
  askInvite,
  askRefresh,
  askRevoke,
  callWith,
  credentialIdOf,
  type Holder,
  json,
  letIn,
} from "../support/sharing.ts";
import { TestSocket } from "../support/socket.ts";

const OS = "An OS that nobody else has";

let teamId: string;
let chat: SessionWithToken;
let guest: Holder;
let socket: TestSocket;
let owner: TestSocket;

beforeAll(async () => {
  teamId = await newTeam({ limits: NO_LIMITS });
});

async function letInAs(role: "writer" | "reader"): Promise<void> {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  chat = await newSession(teamId, { body: { deviceInfo: { os: OS } } });
  await post(chat.token, { clientId: "hello", content: "Hello" });
  guest = await letIn(chat.token, role);
  socket = await TestSocket.open(guest.session, guest.ticket);
  owner = await TestSocket.open(chat.session, chat.ticket);
  await Promise.all([socket.first("synced"), owner.first("synced")]);
}

const post = (token: string, body: object) => callWith(token, "/messages", { body });

/** The socket's next frame after `act` that is no sign of somebody's coming or going. */
async function answerTo(act: () => void): Promise<DownFrame | undefined> {
  const told = () => socket.frames.filter(({ type }) => type !== "presence");
  const before = told().length;
  act();
  await socket.until(() => told().length > before);
  return told()[before];
}

async function expectOwnersAffairsClosed(): Promise<void> {
  for (const response of [
    await askRefresh(guest.token),
    await askRefresh(guest.token, { rotate: true }),
    await askInvite(guest.token, { role: "reader" }),
    await callWith(guest.token, "/invites"),
    await callWith(guest.token, "/invites/AAAAAAAAAAAA", { method: "DELETE" }),
    await callWith(guest.token, "/devices"),
    await askRevoke(guest.token, credentialIdOf(chat.token)),
    await callWith(guest.token, "", { method: "DELETE" }),
  ]) {
    expect(await refusal(response)).toBe("403 forbidden");
  }
  expect((await callWith(chat.token)).status).toBe(200);
}

async function expectNothingOfTheOwner(): Promise<void> {
  const seen = await Promise.all(
    ["", "/validate", "/messages", "/conversations"].map(async (path) =>
      (await callWith(guest.token, path)).text(),
    ),
  );
  const all = seen.join() + JSON.stringify([guest, ...socket.frames]);
  expect(all).not.toMatch(/deviceInfo|locationInfo|userId|userFingerprint/);
  expect(all).not.toContain(OS);
  expect(all).not.toContain(credentialIdOf(chat.token));
  expect(await (await callWith(chat.token)).text()).toContain(OS);
}

describe("a writer", () => {
  beforeEach(() => letInAs("writer"));

  test("reads and writes, as the visitor's side", async () => {
    const answer = await post(guest.token, { clientId: "w1", content: "From a friend" });
    expect(answer.status).toBe(201);
    socket.send({ type: "send", messages: [{ clientId: "w2", content: "And another" }] });
    await owner.until(() => owner.messages.length === 3);
    expect(owner.messages.map(({ role, clientId }) => [role, clientId])).toEqual([
      ["user", "hello"],
      ["user", "w1"],
      ["user", "w2"],
    ]);
    const page: MessagePage = await json(await callWith(guest.token, "/messages"));
    expect(page.messages).toHaveLength(3);
    expect((await callWith(guest.token, "/conversations", { body: {} })).status).toBe(201);
    const list: ConversationList = await json(await callWith(guest.token, "/conversations"));
    expect(list.conversations).toHaveLength(2);
  });

  test.each([{ role: "assistant" }, { role: "operator" }, { author: { name: "Support" } }])(
    "does not write as %j",
    async (fields) => {
      const body = { clientId: "x", content: "I am support", ...fields };
      expect(await refusal(await post(guest.token, body))).toBe("403 forbidden");
      const frame = JSON.stringify({ type: "send", messages: [body] });
      expect(await answerTo(() => socket.sendRaw(frame))).toMatchObject({ type: "error" });
      const page: MessagePage = await json(await callWith(chat.token, "/messages"));
      expect(page.messages.map(({ clientId }) => clientId)).toEqual(["hello"]);
    },
  );

  test("types for all to see, and moves nobody's read mark", async () => {
    socket.send({ type: "typing", active: true });
    expect(await owner.first("typing")).toMatchObject({ role: "writer", active: true });
    const conversationId = chat.session.defaultConversationId;
    const refused = await answerTo(() => socket.send({ type: "read", conversationId, seq: 1 }));
    expect(refused).toEqual({ type: "error", code: "forbidden" });
    expect(owner.all("read")).toEqual([]);
  });

  test("has no say in the owner's affairs, and sees nothing of the owner", async () => {
    await expectOwnersAffairsClosed();
    await expectNothingOfTheOwner();
  });
});

describe("a reader", () => {
  beforeEach(() => letInAs("reader"));

  test("reads what was and what comes", async () => {
    await post(chat.token, { clientId: "next", content: "Next" });
    await socket.until(() => socket.messages.length === 2);
    const page: MessagePage = await json(await callWith(guest.token, "/messages"));
    expect(page.messages).toEqual(socket.messages);
  });

  test("writes, types and marks nothing", async () => {
    const body = { clientId: "r1", content: "Let me say" };
    const conversationId = chat.session.defaultConversationId;
    expect(await refusal(await post(guest.token, body))).toBe("403 forbidden");
    expect(await refusal(await callWith(guest.token, "/conversations", { body: {} }))).toBe(
      "403 forbidden",
    );
    const forbidden = { type: "error", code: "forbidden" };
    expect(await answerTo(() => socket.send({ type: "send", messages: [body] }))).toEqual({
      ...forbidden,
      clientId: "r1",
    });
    expect(await answerTo(() => socket.send({ type: "typing", active: true }))).toEqual(forbidden);
    expect(await answerTo(() => socket.send({ type: "read", conversationId, seq: 1 }))).toEqual(
      forbidden,
    );
    expect([owner.all("typing"), owner.all("read"), owner.messages.length]).toEqual([[], [], 1]);
  });

  test("has no say in the owner's affairs, and sees nothing of the owner", async () => {
    await expectOwnersAffairsClosed();
    await expectNothingOfTheOwner();
  });
});

test("a guest of one session is nobody in another, of the same owner's browser", async () => {
  await letInAs("writer");
  const other = await newSession(teamId);
  const path = `/api/sessions/${other.session.id}`;
  expect(await refusal(await call(path, { bearer: guest.token }))).toBe("401 invalid_credential");
  const stranger = await TestSocket.open(other.session, guest.ticket);
  expect(await stranger.closed()).toBe(4401);
});
