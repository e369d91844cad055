// One session's log over its sockets: order, dedupe, replay, windows.
import { describe, expect, test } from "vitest";
import { WINDOW_BYTES } from "../../src/protocol/limits.ts";
import type { NewMessage } from "../../src/protocol/message.ts";
import type { SessionWithToken, ValidateSessionResponse } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { RESIDENCIES, stepper } from "../support/eviction.ts";
import { TestSocket } from "../support/socket.ts";

async function ticketFor({ session, token }: SessionWithToken): Promise<string> {
  const response = await call(`/api/sessions/${session.id}/validate`, { bearer: token });
  const { ticket } = await response.json<ValidateSessionResponse>();
  return ticket ?? "";
}

async function join(created: SessionWithToken, query = ""): Promise<TestSocket> {
  const socket = await TestSocket.open(created.session, await ticketFor(created), { query });
  await socket.first("synced");
  return socket;
}

function message(clientId: string, content = clientId): NewMessage {
  return { clientId, content };
}

/** Fills the log over HTTP-sized sends on one socket. */
async function fill(created: SessionWithToken, count: number, content: string): Promise<void> {
  const socket = await join(created);
  const perSend = Math.max(1, Math.min(100, Math.floor(50_000 / (content.length + 100))));
  for (let first = 0; first < count; first += perSend) {
    const size = Math.min(perSend, count - first);
    socket.send({
      type: "send",
      messages: Array.from({ length: size }, (_, index) => message(`f-${first + index}`, content)),
    });
    await socket.until(() => (socket.messages.at(-1)?.seq ?? 0) >= first + size);
  }
  socket.close();
}

describe.each(RESIDENCIES)("an object that %s", (residency) => {
  const step = stepper(residency);

  test("delivers a message to every tab, the sender included", async () => {
    const created = await newSession(await newTeam());
    const { id } = created.session;
    const a = await join(created);
    await step(id);
    const b = await join(created);
    await step(id);
    a.send({ type: "send", messages: [message("m1"), message("m2")] });
    await Promise.all([a, b].map((one) => one.until(() => one.messages.length === 2)));
    expect(a.messages).toEqual(b.messages);
    expect(a.messages.map(({ seq, clientId, role }) => [seq, clientId, role])).toEqual([
      [1, "m1", "user"],
      [2, "m2", "user"],
    ]);
  });

  test("stores a clientId once, and tells its sender where", async () => {
    const created = await newSession(await newTeam());
    const socket = await join(created);
    socket.send({ type: "send", messages: [message("m1"), message("m2")] });
    await socket.until(() => socket.messages.length === 2);
    await step(created.session.id);
    socket.send({ type: "send", messages: [message("m2", "changed"), message("m3")] });
    const stored = await socket.first("stored");
    expect(stored.items).toEqual([{ clientId: "m2", seq: 2 }]);
    await socket.until(() => socket.messages.length === 3);
    expect(socket.messages.map(({ content }) => content)).toEqual(["m1", "m2", "m3"]);
  });

  test("keeps the sides' clientIds apart", async () => {
    const teamId = await newTeam();
    const key = await newTeamKey(teamId);
    const created = await newSession(teamId);
    const path = `/api/sessions/${created.session.id}/messages`;
    const asVisitor = await call(path, { bearer: created.token, body: message("same") });
    await step(created.session.id);
    const asTeam = await call(path, { bearer: key, body: message("same") });
    const again = await call(path, { bearer: key, body: message("same") });
    expect([asVisitor.status, asTeam.status, again.status]).toEqual([201, 201, 200]);
    expect(await again.json()).toEqual(await asTeam.json());
  });

  test("replays from any seq, and the newest by tail", async () => {
    const created = await newSession(await newTeam());
    await fill(created, 30, "x");
    await step(created.session.id);
    for (const [query, first] of [
      ["", 1],
      ["?after=0", 1],
      ["?after=29", 30],
      ["?after=30", undefined],
      ["?after=99", undefined],
      ["?tail=5", 26],
      ["?tail=0", undefined],
      ["?tail=1000", 1],
    ] as const) {
      const socket = await join(created, query);
      expect([query, socket.seqs[0]]).toEqual([query, first]);
      expect(socket.seqs.length).toBe(first === undefined ? 0 : 31 - first);
      expect((await socket.first("synced")).seq).toBe(30);
      socket.close();
      await step(created.session.id);
    }
  });

  test("sends the next stretch of history when the last was received, and not before", async () => {
    const created = await newSession(await newTeam());
    await fill(created, 40, "y".repeat(10_000));
    const { session } = created;
    const socket = await TestSocket.open(session, await ticketFor(created), {
      acknowledges: false,
      query: "?after=0",
    });
    const first = await socket.first("messages");
    await step(session.id);
    expect(socket.all("messages")).toHaveLength(1);
    let last = first.to;
    for (let frames = 2; last < 40; frames++) {
      socket.send({ type: "received", seq: last });
      await socket.until(() => socket.all("messages").length === frames);
      const frame = socket.all("messages")[frames - 1];
      expect(frame?.from).toBe(last);
      last = frame?.to ?? 0;
      await step(session.id);
    }
    expect(await socket.first("synced")).toEqual({ type: "synced", seq: 40 });
    expect(socket.seqs).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  });

  test("a reader more than a window behind gets the tail and is told", async () => {
    const created = await newSession(await newTeam());
    const content = "z".repeat(20_000);
    await fill(created, 80, content);
    await step(created.session.id);
    const socket = await join(created, "?after=3");
    const [truncated] = socket.all("truncated");
    expect(truncated?.firstSeq).toBeGreaterThan(4);
    expect(socket.seqs[0]).toBe(truncated?.firstSeq);
    expect(socket.seqs.at(-1)).toBe(80);
    const weight = JSON.stringify(socket.messages).length;
    expect(weight).toBeLessThanOrEqual(WINDOW_BYTES + 1000);
    expect(weight).toBeGreaterThan(WINDOW_BYTES - 25_000);
  });

  test("a live reader that acknowledges nothing is closed with 4408 and resumes", async () => {
    const created = await newSession(await newTeam());
    const { session } = created;
    const lazy = await TestSocket.open(session, await ticketFor(created), { acknowledges: false });
    await lazy.first("synced");
    const sender = await join(created);
    const content = "w".repeat(30_000);
    for (let index = 0; lazy.closeCode === undefined && index < 60; index++) {
      sender.send({ type: "send", messages: [message(`m${index}`, content)] });
      await sender.until(() => sender.messages.length === index + 1);
      if (index % 10 === 0) await step(session.id);
    }
    expect(await lazy.closed()).toBe(4408);
    const received = lazy.seqs.length;
    expect(JSON.stringify(lazy.messages).length).toBeLessThanOrEqual(WINDOW_BYTES);
    expect(lazy.seqs).toEqual(Array.from({ length: received }, (_, index) => index + 1));
    const resumed = await join(created, `?after=${received}`);
    await resumed.until(() => resumed.seqs.at(-1) === sender.seqs.at(-1));
    expect(resumed.seqs[0]).toBe(received + 1);
  });

  test("typing goes to the others; read marks only move forward", async () => {
    const created = await newSession(await newTeam());
    const { id, defaultConversationId: conversationId } = created.session;
    const a = await join(created);
    const b = await join(created);
    a.send({ type: "typing", active: true });
    const typing = await b.first("typing");
    const { connectionId } = await a.first("welcome");
    expect(typing).toEqual({
      type: "typing",
      connectionId,
      role: "owner",
      conversationId,
      active: true,
    });
    a.send({ type: "send", messages: [message("1"), message("2")] });
    await b.until(() => b.messages.length === 2);
    await step(id);
    b.send({ type: "read", conversationId, seq: 2 });
    await a.first("read");
    await step(id);
    b.send({ type: "read", conversationId, seq: 1 });
    b.send({ type: "read", conversationId, seq: 99 });
    b.send({ type: "send", messages: [message("3")] });
    await a.until(() => a.messages.length === 3);
    expect(a.all("read")).toEqual([{ type: "read", conversationId, side: "visitor", seq: 2 }]);
    expect(a.all("typing")).toEqual([]);
  });

  test("presence names who is there", async () => {
    const created = await newSession(await newTeam());
    const a = await join(created);
    const b = await join(created);
    await a.until(() => a.all("presence").at(-1)?.presence.length === 2);
    await step(created.session.id);
    b.close();
    await a.until(() => a.all("presence").at(-1)?.presence.length === 1);
    const { connectionId } = await a.first("welcome");
    const there = a.all("presence").at(-1)?.presence[0];
    expect(there).toMatchObject({ connectionId, role: "owner" });
  });

  test("ending closes every socket with 4410, and nothing is stored after", async () => {
    const created = await newSession(await newTeam());
    const { id } = created.session;
    const sockets = [await join(created), await join(created)];
    await step(id);
    const ended = await call(`/api/sessions/${id}`, { method: "DELETE", bearer: created.token });
    expect(ended.status).toBe(204);
    expect(await Promise.all(sockets.map((socket) => socket.closed()))).toEqual([4410, 4410]);
    expect(sockets[0]?.all("session").at(-1)?.session).toMatchObject({
      status: "terminated",
      endReason: "terminated",
    });
    await step(id);
    const again = await call(`/api/sessions/${id}`, { method: "DELETE", bearer: created.token });
    expect(again.status).toBe(204);
    const late = await call(`/api/sessions/${id}/messages`, {
      bearer: created.token,
      body: message("late"),
    });
    expect(late.status).toBe(410);
    const socket = await TestSocket.open(created.session, created.ticket);
    expect(await socket.closed()).toBe(4410);
  });
});

test("a session with 10,000 messages shows the newest 50 at once", {
  timeout: 60_000,
}, async () => {
  const created = await newSession(await newTeam());
  await fill(created, 10_000, "a message of ordinary length, as people write them");
  const socket = await join(created, "?tail=50");
  expect(socket.frames.slice(0, 3).map((frame) => frame.type)).toEqual([
    "welcome",
    "messages",
    "synced",
  ]);
  expect(socket.seqs).toEqual(Array.from({ length: 50 }, (_, index) => 9_951 + index));
});
