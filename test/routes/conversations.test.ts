import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Conversation } from "../../src/protocol/conversation.ts";
import { MAX_CONVERSATIONS_PER_SESSION } from "../../src/protocol/limits.ts";
import type { ConversationList, SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { refusal } from "../support/problem.ts";
import { TestSocket } from "../support/socket.ts";

const path = ({ session }: SessionWithToken) => `/api/sessions/${session.id}/conversations`;

async function list(chat: SessionWithToken, bearer = chat.token): Promise<readonly Conversation[]> {
  const response = await call(path(chat), { bearer });
  expect(response.status).toBe(200);
  const body = await response.json<ConversationList>();
  expect(Object.keys(body)).toEqual(["conversations"]);
  return body.conversations;
}

async function open(chat: SessionWithToken, bearer = chat.token): Promise<Conversation> {
  const response = await call(path(chat), { bearer, body: {} });
  expect(response.status).toBe(201);
  const body = await response.json<{ conversation: Conversation }>();
  expect(Object.keys(body)).toEqual(["conversation"]);
  return body.conversation;
}

let messages = 0;

async function post(chat: SessionWithToken, bearer: string, conversationId: string): Promise<void> {
  const response = await call(`/api/sessions/${chat.session.id}/messages`, {
    bearer,
    body: { clientId: `m-${++messages}`, content: "Hello", conversationId },
  });
  expect(response.status).toBe(201);
}

test("every session starts with one", async () => {
  const chat = await newSession(await newTeam());
  expect(await list(chat)).toEqual([
    {
      id: chat.session.defaultConversationId,
      status: "open",
      handledBy: "bot",
      createdAt: chat.session.createdAt,
      lastSeq: 0,
      unread: 0,
    },
  ]);
});

test("owner and team open more, which the index hears of", async () => {
  const teamId = await newTeam();
  const chat = await newSession(teamId);
  const opened = [await open(chat), await open(chat, await newTeamKey(teamId, ["sessions:write"]))];
  expect(opened).toEqual([
    {
      id: expect.any(String),
      status: "open",
      handledBy: "bot",
      createdAt: expect.any(String),
      lastSeq: 0,
      unread: 0,
    },
    {
      id: expect.any(String),
      status: "open",
      handledBy: "bot",
      createdAt: expect.any(String),
      lastSeq: 0,
      unread: 0,
    },
  ]);
  const ids = [chat.session.defaultConversationId, ...opened.map(({ id }) => id)].sort();
  expect((await list(chat)).map(({ id }) => id).sort()).toEqual(ids);
  const { results } = await env.INDEX_DB.prepare(
    "SELECT id, team_id FROM conversations WHERE session_id = ? ORDER BY id",
  )
    .bind(chat.session.id)
    .all();
  expect(results).toEqual(ids.map((id) => ({ id, team_id: teamId })));
});

test("count what the asking side has not read", async () => {
  const teamId = await newTeam();
  const chat = await newSession(teamId);
  const key = await newTeamKey(teamId);
  const main = chat.session.defaultConversationId;
  const { id: second } = await open(chat);
  await post(chat, chat.token, main);
  await post(chat, key, main);
  await post(chat, key, second);
  await post(chat, key, main);
  await post(chat, chat.token, second);

  const counts = async (bearer: string) =>
    Object.fromEntries(
      (await list(chat, bearer)).map(({ id, lastSeq, unread }) => [id, { lastSeq, unread }]),
    );
  expect(await counts(chat.token)).toEqual({
    [main]: { lastSeq: 4, unread: 2 },
    [second]: { lastSeq: 5, unread: 1 },
  });
  expect(await counts(key)).toEqual({
    [main]: { lastSeq: 4, unread: 1 },
    [second]: { lastSeq: 5, unread: 1 },
  });

  const socket = await TestSocket.open(chat.session, chat.ticket);
  socket.send({ type: "read", conversationId: main, seq: 2 });
  await socket.first("read");
  expect(await counts(chat.token)).toMatchObject({
    [main]: { unread: 1 },
    [second]: { unread: 1 },
  });
  expect(await counts(key)).toMatchObject({ [main]: { unread: 1 } });
  socket.close();
});

test("are so many at most", async () => {
  const chat = await newSession(await newTeam());
  for (let count = 1; count < MAX_CONVERSATIONS_PER_SESSION; count++) await open(chat);
  expect(await refusal(await call(path(chat), { bearer: chat.token, body: {} }))).toBe(
    "409 too_many_conversations",
  );
  expect(await list(chat)).toHaveLength(MAX_CONVERSATIONS_PER_SESSION);
});
