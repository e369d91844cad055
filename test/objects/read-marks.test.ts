// What somebody who joins learns of how far each side has read.
import { runInDurableObject } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Conversation } from "../../src/protocol/conversation.ts";
import type { DownFrame } from "../../src/protocol/frames.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, things } from "../support/api.ts";
import { operatorTicketFor, ticketFor } from "../support/credentials.ts";
import { RESIDENCIES, stepper } from "../support/eviction.ts";
import type { TeamThings } from "../support/named-things.ts";
import { objectOf } from "../support/object-of.ts";
import { objectRowsWritten } from "../support/object-storage.ts";
import { TestSocket } from "../support/socket.ts";

let team: TeamThings;
let operatorToken: string;
let chat: SessionWithToken;
let conversationId: string;

beforeAll(async () => {
  team = await things.team(await newTeam());
  operatorToken = await things.operatorToken(team, "zoe", "Zoe");
});
beforeEach(async () => {
  chat = await newSession(team.teamId);
  conversationId = chat.session.defaultConversationId;
});

async function join(ticket: string | undefined, query = ""): Promise<TestSocket> {
  const socket = await TestSocket.open(chat.session, ticket, { query });
  await socket.first("synced");
  return socket;
}

const visitor = async (query = "") => join(await ticketFor(chat.token), query);
const operator = async () => join(await operatorTicketFor(operatorToken, chat.session));

/** What came after `synced`, once `presence` has ended it: that one is announced a moment after a join. */
async function afterSynced(socket: TestSocket): Promise<DownFrame[]> {
  await socket.first("presence");
  const synced = socket.frames.findIndex(({ type }) => type === "synced");
  return socket.frames.slice(synced + 1).filter(({ type }) => type !== "presence");
}

describe.each(RESIDENCIES)("an object that %s", (residency) => {
  const step = stepper(residency);

  test("tells whoever joins the marks of both sides, after the history, and writes nothing for it", async () => {
    const { id } = chat.session;
    const [a, b] = [await visitor(), await operator()];
    a.send({ type: "send", messages: [{ clientId: "1", content: "Hello" }] });
    await b.until(() => b.messages.length === 1);
    b.send({ type: "send", messages: [{ clientId: "2", content: "Hi" }] });
    await a.until(() => a.messages.length === 2);
    await step(id);
    b.send({ type: "read", conversationId, seq: 1 });
    await a.until(() => a.all("read").length === 1);
    await step(id);
    a.send({ type: "read", conversationId, seq: 2 });
    await b.until(() => b.all("read").length === 2);
    await step(id);
    const marks = [
      { type: "read", conversationId, side: "team", seq: 1 },
      { type: "read", conversationId, side: "visitor", seq: 2 },
    ];
    const rows = await objectRowsWritten(id, async () => {
      for (const open of [visitor, () => visitor("?after=2"), operator]) {
        expect(await afterSynced(await open())).toEqual(marks);
        await step(id);
      }
    });
    expect(rows).toBe(0);
  });

  test("tells of every conversation, and of none that nobody has read in", async () => {
    const { id } = chat.session;
    const opened = await call(`/api/sessions/${id}/conversations`, {
      bearer: chat.token,
      body: {},
    });
    const { conversation } = await opened.json<{ conversation: Conversation }>();
    const a = await visitor();
    a.send({ type: "send", messages: [{ clientId: "1", content: "Hello" }] });
    await a.until(() => a.messages.length > 0);
    a.send({ type: "read", conversationId, seq: 0 });
    a.send({ type: "read", conversationId: conversation.id, seq: 1 });
    await a.until(() => a.all("read").some(({ seq }) => seq === 1));
    const stored = await runInDurableObject(objectOf(id), (_, { storage }) =>
      storage.sql.exec("SELECT seq FROM read_marks ORDER BY seq").toArray(),
    );
    expect(stored).toEqual([{ seq: 0 }, { seq: 1 }]);
    await step(id);
    expect(await afterSynced(await visitor())).toEqual([
      { type: "read", conversationId: conversation.id, side: "visitor", seq: 1 },
    ]);
  });
});
