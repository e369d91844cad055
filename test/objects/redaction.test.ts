/** A message that the team takes back is gone: from every table, page and frame, for who is there and who comes later. */
import { runInDurableObject } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Call } from "../../objects/calls.ts";
import type { SessionObject } from "../../objects/session.ts";
import { MAX_REDACTIONS_TOLD } from "../../src/protocol/limits.ts";
import type { Message } from "../../src/protocol/message.ts";
import type { MessagePage, SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, things } from "../support/api.ts";
import { ticketFor } from "../support/credentials.ts";
import { evict as evictObject, RESIDENCIES, stepper } from "../support/eviction.ts";
import { indexText } from "../support/index-database.ts";
import type { TeamThings } from "../support/named-things.ts";
import { objectOf } from "../support/object-of.ts";
import { indexAnswered, objectRowsWritten, objectTables } from "../support/object-storage.ts";
import { refusal } from "../support/problem.ts";
import { TestSocket } from "../support/socket.ts";

const SECRET = "my card is 4111-1111";

let team: TeamThings;
let operator: string;
let chat: SessionWithToken;

beforeAll(async () => {
  team = await things.team(await newTeam());
  operator = await things.operatorToken(team, "ada", "Ada");
});
beforeEach(async () => {
  chat = await newSession(team.teamId);
});

const messages = () => `/api/sessions/${chat.session.id}/messages`;

async function post(
  content: string,
  clientId = content.replace(/[^a-z0-9]/g, "-"),
  bearer = chat.token,
): Promise<Message> {
  const body = { clientId, content, metadata: { note: content } };
  const response = await call(messages(), { bearer, body });
  expect([200, 201]).toContain(response.status);
  return (await response.json<{ message: Message }>()).message;
}

const redact = (id: string, bearer = operator) =>
  call(`${messages()}/${id}`, { method: "DELETE", bearer });

async function page(): Promise<readonly Message[]> {
  const response = await call(`${messages()}?after=0`, { bearer: chat.token });
  return (await response.json<MessagePage>()).messages;
}

const open = async (query = "") => {
  const socket = await TestSocket.open(chat.session, await ticketFor(chat.token), { query });
  await socket.first("synced");
  return socket;
};

describe.each(RESIDENCIES)("an object that %s", (residency) => {
  const evict = stepper(residency);
  const step = async (id: string) => {
    await indexAnswered(id);
    await evict(id);
  };

  test("keeps nothing of its content, and its place in the log", async () => {
    const before = await post("before");
    const message = await post(SECRET, "secret");
    const after = await post("after");
    expect(await objectTables(chat.session.id, () => true)).toContain(SECRET);
    await step(chat.session.id);
    expect((await redact(message.id)).status).toBe(204);
    await step(chat.session.id);
    const { content: _, metadata: __, ...rest } = message;
    const redacted = { ...rest, content: "", redacted: true };
    expect(await page()).toEqual([before, redacted, after]);
    expect(await post(SECRET, "secret")).toEqual(redacted);
    expect(await objectTables(chat.session.id, () => true)).not.toContain(SECRET);
    await indexAnswered(chat.session.id);
    expect(await indexText(() => true)).not.toContain(SECRET);
    const socket = await open();
    expect(socket.messages).toEqual([before, redacted, after]);
    socket.close();
  });

  test("tells who is there, once", async () => {
    const socket = await open();
    const message = await post(SECRET);
    await step(chat.session.id);
    expect((await redact(message.id)).status).toBe(204);
    await step(chat.session.id);
    expect((await redact(message.id)).status).toBe(204);
    await post("after");
    await socket.until(() => socket.messages.length === 2);
    expect(socket.all("redacted")).toEqual([
      { type: "redacted", messageId: message.id, seq: message.seq },
    ]);
    socket.close();
  });

  test("tells who comes back, before anything new, of what was taken back up to there", async () => {
    const posted: Message[] = [];
    for (const content of ["a", "b", "c", "d"]) posted.push(await post(content));
    for (const at of [1, 3]) expect((await redact(posted[at]?.id ?? "")).status).toBe(204);
    await step(chat.session.id);
    const socket = await open("?after=3");
    expect(socket.frames.map(({ type }) => type)).toEqual([
      "welcome",
      "redacted",
      "messages",
      "synced",
    ]);
    expect(socket.all("redacted")).toEqual([
      { type: "redacted", messageId: posted[1]?.id, seq: 2 },
    ]);
    expect(socket.messages).toMatchObject([{ seq: 4, content: "", redacted: true }]);
    socket.close();
    const fresh = await open();
    expect(fresh.all("redacted")).toEqual([]);
    fresh.close();
  });
});

test("a session that has ended takes it too, and the team's audit trail names message and operator", async () => {
  const message = await post(SECRET);
  await call(`/api/sessions/${chat.session.id}`, { method: "DELETE", bearer: chat.token });
  expect((await redact(message.id)).status).toBe(204);
  expect(await page()).toMatchObject([{ content: "", redacted: true }]);
  const bearer = team.teamKey;
  const trail = await call(`/api/teams/${team.teamId}/audit-events`, { bearer });
  const { events } = await trail.json<{ events: { type: string }[] }>();
  expect(events.filter(({ type }) => type === "message.redacted")[0]).toMatchObject({
    sessionId: chat.session.id,
    actor: { kind: "operator", id: "ada" },
    details: { messageId: message.id },
  });
  expect(JSON.stringify(events)).not.toContain(SECRET);
});

test("an answer that is on its way into the log is taken back, too", async () => {
  const { id } = chat.session;
  const ours: Call = {
    actor: { kind: "team", teamId: team.teamId, keyId: undefined },
    teamRevision: undefined,
    teamConfirmedAt: undefined,
  };
  const redacted = await runInDurableObject(objectOf(id), async (object: SessionObject) => {
    const started = await object.startMessage(ours, { clientId: "answer" });
    if (!("messageId" in started)) return started;
    const { messageId } = started;
    await object.appendMessage(ours, messageId, { offset: 0, text: SECRET });
    // The first is stored at once; what comes in its turn waits for the next.
    void object.postMessage(ours, { clientId: "first", content: "first" });
    void object.finishMessage(ours, messageId, undefined);
    return await object.redactMessage(ours, messageId);
  });
  expect(redacted).toEqual({ ok: true });
  expect(await page()).toMatchObject([{ content: "first" }, { content: "", redacted: true }]);
  expect(await objectTables(id)).not.toContain(SECRET);
});

test("what is no message's id is not found, however it looks", async () => {
  const message = await post(SECRET);
  for (const id of ["msg_1_AAAAAAAA", "msg_9_x", "nonsense", `${message.id}x`, "msg_-1_x"]) {
    expect(await refusal(await redact(id)), id).toBe("404 message_not_found");
  }
  const elsewhere = await newSession(team.teamId);
  const path = `/api/sessions/${elsewhere.session.id}/messages/${message.id}`;
  const answer = await call(path, { method: "DELETE", bearer: operator });
  expect(await refusal(answer)).toBe("404 message_not_found");
  expect(await page()).toEqual([message]);
});

test("a redaction writes the message and what finds it again, and the audit event that waits; again it writes nothing", async () => {
  const message = await post(SECRET);
  const rows = await objectRowsWritten(chat.session.id, async () => {
    await redact(message.id);
    await indexAnswered(chat.session.id);
  });
  // The message, its entry in the index of redactions, the event's way into the outbox and out of it.
  expect(rows).toBe(4);
  expect(await objectRowsWritten(chat.session.id, () => redact(message.id))).toBe(0);
});

test("while messages come and go: whoever is sent one that is taken back is told so, whatever comes first", async () => {
  const readers = [await open(), await open()];
  const posted = await Promise.all(Array.from({ length: 10 }, (_, at) => post(`${SECRET} ${at}`)));
  const late: TestSocket[] = [];
  await Promise.all([
    ...posted.map(async ({ id }) => expect((await redact(id)).status).toBe(204)),
    ...posted.map((_, at) => post(`more ${at}`)),
    ...[0, 5, 9].map(async (after) => late.push(await open(`?after=${after}`))),
  ]);
  const last = await post("last");
  for (const socket of [...readers, ...late]) {
    await socket.until(() => socket.messages.at(-1)?.id === last.id);
    const told = new Set(socket.all("redacted").map(({ messageId }) => messageId));
    for (const { id, content } of socket.messages) {
      if (content.startsWith(SECRET)) expect(told).toContain(id);
    }
    socket.close();
  }
  expect(await objectTables(chat.session.id, () => true)).not.toContain(SECRET);
});

test("who comes back hears of the latest thousand", async () => {
  const count = MAX_REDACTIONS_TOLD + 100;
  const message = await post("first");
  // As many calls would leave them.
  await runInDurableObject(objectOf(chat.session.id), (_, { storage: { sql } }) => {
    for (let seq = 2; seq <= count; seq++) {
      sql.exec(
        `INSERT INTO messages SELECT ?1, 'msg_' || ?1 || '_x', side, NULL, conversation_id, role, author, '', NULL, created_at,
           credential_id, slides, total_bytes + ?1, ?2, NULL, NULL FROM messages WHERE seq = 1`,
        seq,
        // The later in the log, the longer ago.
        1_000_000 - seq,
      );
    }
  });
  await evictObject(chat.session.id);
  expect((await redact(message.id)).status).toBe(204);
  const back = await open(`?after=${count}`);
  const told = back.all("redacted").map(({ seq }) => seq);
  expect(told).toHaveLength(MAX_REDACTIONS_TOLD);
  expect(told.at(-1)).toBe(1);
  expect(Math.max(...told)).toBe(MAX_REDACTIONS_TOLD);
  back.close();
});
