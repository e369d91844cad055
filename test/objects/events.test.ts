/** What a team's webhook hears of its sessions: all of it, in order, and once while all goes well. */
import { runInDurableObject } from "cloudflare:test";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { SessionEvent } from "../../src/protocol/events.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { runAlarms } from "../support/alarms.ts";
import { call, newSession, newTeam, newTeamKey, things } from "../support/api.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../support/clock.ts";
import { RESIDENCIES, stepper } from "../support/eviction.ts";
import { indexCost } from "../support/index-database.ts";
import { killObject, objectOf } from "../support/object-of.ts";
import { indexAnswered, objectRowsWritten } from "../support/object-storage.ts";
import { newHearingTeam, putWebhook, Receiver } from "../support/receiver.ts";
import { TestSocket } from "../support/socket.ts";

afterEach(() => {
  vi.useRealTimers();
});

const WELL = { status: 200 };

async function send(chat: SessionWithToken, clientId: string): Promise<void> {
  const response = await call(`/api/sessions/${chat.session.id}/messages`, {
    bearer: chat.token,
    body: { clientId, content: clientId },
  });
  expect(response.status).toBe(201);
}

const end = ({ session, token }: SessionWithToken) =>
  call(`/api/sessions/${session.id}`, { method: "DELETE", bearer: token });

const nameOf = (event: SessionEvent) =>
  event.type === "message.created" ? event.data.message.content : event.type;

const isNamed = (name: string) => (event: SessionEvent) => nameOf(event) === name;

describe.each(RESIDENCIES)("a session that %s", (residency) => {
  const step = stepper(residency);

  test("is heard of from its creation to its end, signed", async () => {
    const { receiver, secret, ...team } = await newHearingTeam();
    const { signer } = await things.team(team.teamId);
    const chat = await newSession(team.teamId);
    const { id } = chat.session;
    await receiver.untilEvent(isNamed("session.created"));
    await step(id);
    await send(chat, "one");
    await receiver.untilEvent(isNamed("one"));
    await step(id);
    const token = await things.identify({ ...team, signer }, chat);
    await receiver.untilEvent(isNamed("session.identified"));
    await step(id);
    await send({ ...chat, token }, "two");
    await receiver.untilEvent(isNamed("two"));
    await step(id);
    await end({ ...chat, token });
    const events = await receiver.untilEvent(isNamed("session.ended"));
    expect(events.map((event) => [event.id, nameOf(event)])).toEqual([
      [`evt_${id}_1`, "session.created"],
      [`evt_${id}_4`, "one"],
      [`evt_${id}_6`, "session.identified"],
      [`evt_${id}_8`, "two"],
      [`evt_${id}_11`, "session.ended"],
    ]);
    for (const { headers, body } of await receiver.got()) {
      expect(headers["user-agent"]).toMatch(/^durable-sessions\//);
      expect(new Webhook(secret).verify(body, headers)).toMatchObject({
        type: "session.events",
        data: { teamId: team.teamId, sessionId: id },
      });
      expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow();
    }
  });

  test("whose receiver fails delivers the same batch again, under the same id, and then the rest", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const { teamId, receiver } = await newHearingTeam();
    const chat = await newSession(teamId);
    await receiver.untilEvent(isNamed("session.created"));
    await receiver.answer({ answers: [{ status: 500 }, { status: 302 }, { status: 404 }, WELL] });
    await send(chat, "one");
    await receiver.untilEvent(isNamed("one"));
    for (const clientId of ["two", "three"]) {
      await step(chat.session.id);
      await send(chat, clientId);
    }
    await step(chat.session.id);
    await runAlarms(chat.session.id, Date.now() + MINUTE_MS);
    const [, ...batches] = await receiver.batches();
    expect(batches.map(({ batch }) => batch.events.map(nameOf))).toEqual([
      ["one"],
      ["one"],
      ["one"],
      ["one"],
      ["two", "three"],
    ]);
    const ids = batches.map(({ id }) => id);
    expect(new Set(ids.slice(0, 4)).size).toBe(1);
    expect(new Set(ids).size).toBe(2);
  });
});

test("what is stored and not delivered when the object dies is delivered by its alarm", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const { teamId, receiver } = await newHearingTeam();
  const chat = await newSession(teamId);
  await receiver.untilEvent(isNamed("session.created"));
  await receiver.answer({ answers: [{ ...WELL, hangs: true }] });
  await send(chat, "one");
  await receiver.untilEvent(isNamed("one"));
  await killObject(chat.session.id);
  await runAlarms(chat.session.id, Date.now() + MINUTE_MS);
  const got = await receiver.batches();
  expect(got.map(({ batch }) => batch.events.map(nameOf))).toEqual([
    ["session.created"],
    ["one"],
    ["one"],
  ]);
  expect(got[1]?.id).toBe(got[2]?.id);
});

test("a visitor is answered while the receiver hangs, and one delivery is under way at a time", async () => {
  const { teamId, receiver } = await newHearingTeam();
  const chat = await newSession(teamId);
  await receiver.untilEvent(isNamed("session.created"));
  await receiver.answer({ answers: [{ ...WELL, hangs: true }] });
  await send(chat, "one");
  await receiver.untilEvent(isNamed("one"));
  const socket = await TestSocket.open(chat.session, chat.ticket);
  for (const clientId of ["two", "three"]) {
    await send(chat, clientId);
    await socket.until(() => socket.messages.some((message) => message.clientId === clientId));
  }
  expect((await receiver.got()).length).toBe(2);
  await receiver.answer({ release: true });
  await receiver.untilEvent(isNamed("three"));
  expect(await receiver.most()).toBe(1);
  expect((await receiver.events()).map(nameOf)).toEqual(["session.created", "one", "two", "three"]);
  socket.close();
});

test("a long backlog comes in batches that are not too long", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const { teamId, receiver } = await newHearingTeam();
  await receiver.answer({ always: { status: 503 } });
  const chat = await newSession(teamId);
  const socket = await TestSocket.open(chat.session, chat.ticket);
  const messages = Array.from({ length: 230 }, (_, index) => ({
    clientId: `m-${index}`,
    content: index < 200 ? "short" : "long ".repeat(6000),
  }));
  for (const first of [0, 100]) {
    socket.send({ type: "send", messages: messages.slice(first, first + 100) });
  }
  await socket.until(() => socket.messages.length === 200);
  socket.close();
  for (const body of messages.slice(200)) {
    await call(`/api/sessions/${chat.session.id}/messages`, { bearer: chat.token, body });
  }
  await receiver.answer({ always: WELL });
  await runAlarms(chat.session.id, Date.now() + HOUR_MS);
  const batches = await receiver.batches();
  const accepted = (await receiver.got()).filter(({ status }) => status === 200).length;
  const events = batches.slice(-accepted).flatMap(({ batch }) => batch.events);
  expect(events.map(({ id }) => id)).toEqual([
    `evt_${chat.session.id}_1`,
    ...messages.map((_, index) => `evt_${chat.session.id}_${4 * (index + 1)}`),
  ]);
  expect(batches.filter(({ batch }) => batch.events.length > 1).length).toBeGreaterThan(3);
  for (const { batch } of batches) {
    const ofMessages = batch.events.filter(({ type }) => type === "message.created");
    expect(ofMessages.length).toBeLessThanOrEqual(100);
    expect(JSON.stringify(batch).length).toBeLessThan(600_000);
  }
});

test("a webhook hears what happened since it was made, also of a session that learns of it late", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const teamId = await newTeam();
  const teamKey = await newTeamKey(teamId);
  const chat = await newSession(teamId);
  await send(chat, "before");
  vi.setSystemTime(Date.now() + 1000);
  const receiver = new Receiver();
  await putWebhook({ teamId, teamKey }, { url: receiver.url });
  await send(chat, "after");
  const events = await receiver.untilEvent(isNamed("after"));
  expect(events.map(nameOf)).toEqual(["after"]);
});

test("after three days it stops; whoever resumes has it go on where it was", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const { teamId, teamKey, receiver } = await newHearingTeam();
  const chat = await newSession(teamId);
  await receiver.untilEvent(isNamed("session.created"));
  await receiver.answer({ always: { status: 503 } });
  await send(chat, "one");
  await receiver.untilEvent(isNamed("one"));
  const path = `/api/teams/${teamId}/webhook`;
  const status = async () => (await call(path, { bearer: teamKey })).json();
  expect(await status()).toMatchObject({ failing: 0, stopped: 0, failures: [] });

  await runAlarms(chat.session.id, Date.now() + HOUR_MS);
  expect(await status()).toMatchObject({
    failing: 1,
    stopped: 0,
    failures: [{ sessionId: chat.session.id, lastError: "status 503" }],
  });
  await runAlarms(chat.session.id, Date.now() + 3 * DAY_MS);
  const { length } = await receiver.got();
  expect(length).toBeLessThan(130);
  await send(chat, "two");
  await runAlarms(chat.session.id, Date.now() + DAY_MS);
  expect((await receiver.got()).length).toBe(length);
  expect(await status()).toMatchObject({
    failing: 0,
    stopped: 1,
    failures: [{ sessionId: chat.session.id, stoppedAt: expect.any(String) }],
  });

  await receiver.answer({ always: WELL });
  const resumed = await call(`${path}/resume`, { method: "POST", bearer: teamKey });
  expect(await resumed.json()).toEqual({ resumed: 1, more: false });
  await receiver.untilEvent(isNamed("two"));
  const names = (await receiver.events()).map(nameOf);
  expect(names.slice(-2)).toEqual(["one", "two"]);
  await indexAnswered(chat.session.id);
  expect(await status()).toMatchObject({ failing: 0, stopped: 0, failures: [] });
});

test("a receiver that says that it is gone is left alone at once", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const { teamId, receiver } = await newHearingTeam();
  await receiver.answer({ always: { status: 410 } });
  const chat = await newSession(teamId);
  await receiver.until((got) => got.length === 1);
  await runAlarms(chat.session.id, Date.now() + DAY_MS);
  expect((await receiver.got()).length).toBe(1);
});

test("a receiver that asks for time gets it", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const { teamId, receiver } = await newHearingTeam();
  await receiver.answer({ answers: [{ status: 429, headers: { "Retry-After": "600" } }] });
  const chat = await newSession(teamId);
  await receiver.until((got) => got.length === 1);
  await runAlarms(chat.session.id, Date.now() + 9 * MINUTE_MS);
  expect((await receiver.got()).length).toBe(1);
  await runAlarms(chat.session.id, Date.now() + 2 * MINUTE_MS);
  expect((await receiver.got()).length).toBe(2);
});

test("what each costs: a message that is delivered, and a session in which nothing happens", async () => {
  const { teamId, receiver } = await newHearingTeam();
  const chat = await newSession(teamId);
  await receiver.untilEvent(isNamed("session.created"));
  await delivered(chat);
  const cost = (act: () => Promise<unknown>) => objectRowsWritten(chat.session.id, act);
  const rows = await cost(async () => {
    await send(chat, "one");
    await receiver.untilEvent(isNamed("one"));
    await delivered(chat);
  });
  // The message and its index entry; the batch's end, and that it got through.
  expect(rows).toBe(4);
  const index = await indexCost(async () => {
    const idle = await cost(async () => {
      await stepper("is evicted between steps")(chat.session.id);
      await call(`/api/sessions/${chat.session.id}`, { bearer: chat.token });
    });
    expect(idle).toBe(0);
  });
  expect(index.rowsWritten).toBe(0);
});

test("what is said while a batch is tried again costs no more than else", async () => {
  const { teamId, receiver } = await newHearingTeam();
  const chat = await newSession(teamId);
  await receiver.untilEvent(isNamed("session.created"));
  await receiver.answer({ answers: [{ status: 500 }, { ...WELL, hangs: true }] });
  await send(chat, "one");
  await receiver.until((got) => got.length === 3);
  await send(chat, "two");
  const rows = await objectRowsWritten(chat.session.id, async () => {
    for (const clientId of ["three", "four", "five"]) await send(chat, clientId);
  });
  expect(rows).toBe(3 * 2);
  await receiver.answer({ release: true });
  await receiver.untilEvent(isNamed("five"));
});

/** Resolves once the object has written down that all got through. */
async function delivered({ session }: SessionWithToken): Promise<void> {
  const waiting = "SELECT 1 FROM event_cursors WHERE batch_end IS NOT NULL";
  const isWaiting = () =>
    runInDurableObject(
      objectOf(session.id),
      (_, { storage }) => storage.sql.exec(waiting).toArray().length > 0,
    );
  while (await isWaiting()) await scheduler.wait(1);
}
