/**
 * What one visit costs from its first request to its expiry: rows, wake-ups by alarm, and the bytes that stay. The README
 * multiplies these figures with prices. They are exact: a change here is a change of the README.
 */
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { alarmAt, runAlarms } from "../support/alarms.ts";
import { call, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { DAY_MS, MINUTE_MS } from "../support/clock.ts";
import { indexCost } from "../support/index-database.ts";
import { objectOf } from "../support/object-of.ts";
import { indexAnswered, objectRowsWritten } from "../support/object-storage.ts";
import { TestSocket } from "../support/socket.ts";

const start = Date.UTC(2027, 2, 1);
const MESSAGES_PER_SIDE = 10;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
});
afterEach(() => {
  vi.useRealTimers();
});

let teamId: string;
let chat: SessionWithToken;
let alarms = 0;

beforeEach(async () => {
  teamId = await newTeam();
  chat = await newSession(teamId);
});

async function costOf(act: () => Promise<unknown>) {
  let objectRows = 0;
  alarms = 0;
  const { rowsWritten } = await indexCost(async () => {
    objectRows = await objectRowsWritten(chat.session.id, async () => {
      await act();
      await indexAnswered(chat.session.id);
    });
  });
  return { objectRows, indexRows: rowsWritten, alarms };
}

/** Lets time pass up to `untilMs` after the start, with the alarms that are due in it. */
async function wait(untilMs: number): Promise<void> {
  alarms += await runAlarms(chat.session.id, start + untilMs);
}

const FREE = { objectRows: 0, indexRows: 0, alarms: 0 };

/** A key's first use in an hour is a row of the audit trail, which no visit in particular pays for. */
async function useKey(key: string): Promise<void> {
  const { rowsWritten } = await indexCost(async () => {
    await call(`/api/sessions/stats/${teamId}`, { bearer: key });
    await scheduler.wait(20);
  });
  // The refusal that this is, for want of the scope, is told of too.
  expect(rowsWritten).toBe(2);
}

test("a visit, the days after it, and its end", async () => {
  const key = await newTeamKey(teamId, ["messages:write"]);
  await useKey(key);
  let socket!: TestSocket;
  const created = await costOf(async () => {
    chat = await newSession(teamId, { body: { userFingerprint: "device-1" } });
  });
  const connected = await costOf(async () => {
    socket = await TestSocket.open(chat.session, chat.ticket);
    await socket.first("synced");
  });
  const { defaultConversationId: conversationId } = chat.session;
  const talked = await costOf(async () => {
    for (let index = 1; index <= MESSAGES_PER_SIDE; index++) {
      await wait(index * MINUTE_MS);
      socket.send({ type: "typing", active: true });
      socket.send({ type: "send", messages: [{ clientId: `v-${index}`, content: "A question" }] });
      await socket.until(() => socket.messages.length === 2 * index - 1);
      const body = { clientId: `t-${index}`, content: "An answer" };
      await call(`/api/sessions/${chat.session.id}/messages`, { bearer: key, body });
      await socket.until(() => socket.messages.length === 2 * index);
      socket.send({ type: "read", conversationId, seq: 2 * index });
      await socket.until(() => socket.all("read").length === index);
    }
  });
  const left = await costOf(async () => {
    const armed = await alarmAt(chat.session.id);
    socket.close();
    while ((await alarmAt(chat.session.id)) === armed) await scheduler.wait(1);
    await wait(15 * MINUTE_MS);
  });
  const idle = await costOf(() => wait(30 * DAY_MS));
  const expired = await costOf(() => wait(31 * DAY_MS));
  const bytes = () =>
    runInDurableObject(objectOf(chat.session.id), (_, { storage }) => storage.sql.databaseSize);
  const stored = { whole: await bytes(), archived: 0, purged: 0 };
  const archived = await costOf(() => wait(38 * DAY_MS));
  stored.archived = await bytes();
  const kept = await costOf(() => wait(210 * DAY_MS));
  const purged = await costOf(() => wait(211 * DAY_MS));
  stored.purged = await bytes();
  const over = await costOf(() => wait(365 * DAY_MS));

  expect({
    created,
    connected,
    talked,
    left,
    idle,
    expired,
    archived,
    kept,
    purged,
    over,
  }).toEqual({
    created: { objectRows: 16, indexRows: 9, alarms: 0 },
    connected: FREE,
    talked: { objectRows: 50, indexRows: 0, alarms: 0 },
    left: { objectRows: 6, indexRows: 6, alarms: 1 },
    idle: FREE,
    expired: { objectRows: 6, indexRows: 6, alarms: 1 },
    archived: { objectRows: 28, indexRows: 7, alarms: 1 },
    kept: FREE,
    purged: { objectRows: 4, indexRows: 7, alarms: 1 },
    over: FREE,
  });
  expect(stored).toEqual({ whole: 69_632, archived: 69_632, purged: 8_192 });
});

test("a session that nobody opens, without a fingerprint", async () => {
  const quiet = await costOf(() => wait(30 * DAY_MS));
  const expired = await costOf(() => wait(31 * DAY_MS));
  expect({ quiet, expired }).toEqual({
    quiet: { objectRows: 1, indexRows: 0, alarms: 1 },
    // Nothing was said in it: it is gone ten minutes later.
    expired: { objectRows: 9, indexRows: 12, alarms: 2 },
  });
});
