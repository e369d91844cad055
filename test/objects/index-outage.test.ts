/** With D1 down, sessions that are there go on, and the index catches up by itself: row for row, counter for counter. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { backoffMs } from "../../src/domain/backoff.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, newTeamKey, ORIGIN } from "../support/api.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, moveClock } from "../support/clock.ts";
import { evict } from "../support/eviction.ts";
import { breakIndex, holdIndex } from "../support/index-database.ts";
import { objectOf } from "../support/object-of.ts";
import { problemOf, refusal } from "../support/problem.ts";
import { TestSocket } from "../support/socket.ts";

let restore: (() => void) | undefined;

function breakDown(how?: "fails" | "hangs"): void {
  restore = breakIndex(how);
}

function heal(): void {
  restore?.();
  restore = undefined;
}

beforeEach(() => {
  // The Worker reports every failure of the index to its log.
  for (const level of ["warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});

afterEach(() => {
  heal();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const pathOf = ({ session }: SessionWithToken) => `/api/sessions/${session.id}`;

const validate = (chat: SessionWithToken) =>
  call(`${pathOf(chat)}/validate`, { bearer: chat.token });

let messages = 0;
const post = (chat: SessionWithToken, bearer = chat.token) =>
  call(`${pathOf(chat)}/messages`, {
    bearer,
    body: { clientId: `m-${++messages}`, content: "Hello" },
  });

/** One in which nothing was said is gone soon after its end. */
async function newSpokenSession(teamId: string): Promise<SessionWithToken> {
  const chat = await newSession(teamId);
  await post(chat);
  return chat;
}

const open = (chat: SessionWithToken) =>
  call(`${pathOf(chat)}/conversations`, { bearer: chat.token, body: {} });

const terminate = (chat: SessionWithToken) =>
  call(pathOf(chat), { bearer: chat.token, method: "DELETE" });

/** Runs the object's alarms until it waits for nothing before its end. */
async function catchUp(chats: readonly SessionWithToken[]): Promise<void> {
  for (const { session } of chats) {
    for (let round = 0; round < 10; round++) {
      moveClock(2 * HOUR_MS);
      const alarmAt = await runInDurableObject(objectOf(session.id), (_, { storage }) =>
        storage.getAlarm(),
      );
      if (alarmAt === null || alarmAt > Date.now()) break;
      await runDurableObjectAlarm(objectOf(session.id));
    }
  }
}

const CONVERSATION_COLUMNS = "id, status, version, created_at, updated_at";
const SESSION_COLUMNS = `id, team_id, user_fingerprint, device_info, location_info, status, last_accessed, created_at,
  updated_at, version, user_id, ended_at, end_reason`;

async function asIndexed(id: string): Promise<object> {
  const [session, conversations] = await env.INDEX_DB.batch([
    env.INDEX_DB.prepare(`SELECT ${SESSION_COLUMNS}, expires_at FROM sessions WHERE id = ?`).bind(
      id,
    ),
    env.INDEX_DB.prepare(
      `SELECT ${CONVERSATION_COLUMNS} FROM conversations WHERE session_id = ? ORDER BY id`,
    ).bind(id),
  ]);
  return { session: session?.results, conversations: conversations?.results };
}

function asStored(id: string): Promise<object> {
  return runInDurableObject(objectOf(id), (_, { storage: { sql } }) => {
    const session = sql.exec(`SELECT ${SESSION_COLUMNS} FROM session`).toArray();
    const conversations = sql
      .exec(`SELECT ${CONVERSATION_COLUMNS} FROM conversations ORDER BY id`)
      .toArray();
    const slidAt = sql.exec("SELECT max(created_at) AS at FROM messages WHERE slides = 1").one().at;
    for (const row of session) {
      const [idle, absolute] = [Number(row.last_accessed) + 30 * DAY_MS, Number(row.created_at)];
      row.expires_at = Math.min(idle, absolute + 180 * DAY_MS);
      // What only the log knew has been written down.
      if (row.status === "active") expect(row.last_accessed).toBeGreaterThanOrEqual(Number(slidAt));
    }
    expect(sql.exec("SELECT * FROM index_outbox").toArray()).toEqual([]);
    return { session, conversations };
  });
}

async function expectCaughtUp(teamId: string, chats: readonly SessionWithToken[]): Promise<void> {
  for (const { session } of chats) {
    expect(await asIndexed(session.id)).toEqual(await asStored(session.id));
  }
  const counters = await env.INDEX_DB.prepare(
    "SELECT total, idle, absolute, terminated, erased, duration_ms FROM team_counters WHERE team_id = ?",
  )
    .bind(teamId)
    .first();
  const recount = await env.INDEX_DB.prepare(
    `SELECT count(*) AS total, total(end_reason IS 'idle') AS idle, total(end_reason IS 'absolute') AS absolute,
       total(end_reason IS 'terminated') AS terminated, total(end_reason IS 'erased') AS erased,
       total(last_accessed - created_at) AS duration_ms FROM sessions WHERE team_id = ?`,
  )
    .bind(teamId)
    .first();
  expect(counters).toEqual(recount);
  expect(counters?.total).toBe(chats.length);
}

describe("while the index fails every call", () => {
  test("sessions validate, chat and end, and afterwards the index has it all", async () => {
    const teamId = await newTeam();
    const key = await newTeamKey(teamId);
    const [chatting, ending, resting] = [
      await newSession(teamId, {
        body: { userFingerprint: "f", deviceInfo: { browser: "B" } },
        headers: { Origin: ORIGIN },
      }),
      await newSession(teamId),
      await newSession(teamId),
    ];
    expect((await call(pathOf(chatting), { bearer: key })).status).toBe(200);
    const socket = await TestSocket.open(chatting.session, chatting.ticket);
    await socket.first("synced");

    breakDown();
    moveClock(5 * MINUTE_MS);
    await expect(env.INDEX_DB.prepare("SELECT 1").first()).rejects.toThrow("connection lost");

    expect(await (await validate(chatting)).json()).toMatchObject({ isValid: true });
    socket.send({ type: "send", messages: [{ clientId: "by-socket", content: "Anybody?" }] });
    await socket.first("messages");
    expect((await post(chatting)).status).toBe(201);
    expect((await post(chatting, key)).status).toBe(201);
    await socket.until(() => socket.seqs.length === 3);
    expect((await open(chatting)).status).toBe(201);
    expect(
      (await call(`${pathOf(chatting)}/refresh`, { bearer: key, method: "POST" })).status,
    ).toBe(200);
    expect((await post(ending)).status).toBe(201);
    expect((await terminate(ending)).status).toBe(204);
    expect(await (await validate(ending)).json()).toMatchObject({ isValid: false });
    const created = await newSession(teamId, { headers: { Origin: ORIGIN } });
    expect((await post(created)).status).toBe(201);
    const tickets = await (await validate(created)).json<{ ticket: string }>();
    const second = await TestSocket.open(created.session, tickets.ticket);
    expect((await second.first("welcome")).lastSeq).toBe(1);
    second.close();
    socket.close();
    await Promise.all([socket, second].map((one) => one.closed()));

    const all = [chatting, ending, resting, created];
    for (const { session } of all) await runDurableObjectAlarm(objectOf(session.id));
    heal();
    expect(await asIndexed(created.session.id)).toMatchObject({ session: [] });
    await catchUp(all);
    await expectCaughtUp(teamId, all);
  });

  test("what only it can tell is 503, with a time to come back", async () => {
    const teamId = await newTeam();
    const chat = await newSession(teamId);
    const [known, unknown] = [await newTeamKey(teamId), await newTeamKey(teamId)];
    await call(pathOf(chat), { bearer: known });
    breakDown();
    const answers = [
      await call("/api/sessions/create", { body: { teamId: "unknown-team" } }),
      await call("/api/sessions/create", {
        body: { teamId },
        headers: { Origin: "https://unknown.example" },
      }),
      await call(`/api/sessions/stats/${teamId}`, { bearer: known }),
      await call(`/api/sessions/fingerprint/f/${teamId}`, { bearer: known }),
      await call(pathOf(chat), { bearer: unknown }),
    ];
    for (const response of answers) {
      const retryAfter = response.headers.get("Retry-After");
      const problem = await problemOf(response);
      expect(problem).toMatchObject({ code: "unavailable", status: 503 });
      expect(Number(retryAfter)).toBeGreaterThan(0);
      expect(JSON.stringify(problem)).not.toContain("D1");
    }
  });

  test("a session goes on where nobody remembers its team: under the policy that it last had", async () => {
    // Nothing has asked for this team by the number in the id yet.
    const teamId = await newTeam();
    const chat = await newSession(teamId);
    breakDown();
    const from = (origin: string) =>
      call(`${pathOf(chat)}/validate`, { bearer: chat.token, headers: { Origin: origin } });
    expect((await from(ORIGIN)).status).toBe(200);
    expect(await refusal(await from("https://evil.example"))).toBe("403 origin_not_allowed");
    expect((await validate(chat)).status).toBe(200);
    const socket = await TestSocket.open(chat.session, chat.ticket, {
      headers: { Origin: ORIGIN },
    });
    expect((await socket.first("welcome")).session.id).toBe(chat.session.id);
    socket.close();
  });

  test("the object tries again, at growing intervals, until it has told", async () => {
    const teamId = await newTeam();
    const chat = await newSpokenSession(teamId);
    moveClock(0);
    breakDown();
    await terminate(chat);
    const attempts = () =>
      runInDurableObject(objectOf(chat.session.id), (_, { storage: { sql } }) =>
        Number(
          sql.exec("SELECT attempts FROM index_outbox WHERE entity = 'session'").one().attempts,
        ),
      );
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 16; attempt++) {
      expect(await attempts()).toBe(attempt);
      const at = await runInDurableObject(objectOf(chat.session.id), (_, { storage }) =>
        storage.getAlarm(),
      );
      const wait = Number(at) - Date.now();
      expect(wait).toBeGreaterThanOrEqual(backoffMs(attempt, 0));
      expect(wait).toBeLessThanOrEqual(backoffMs(attempt, 1));
      waits.push(wait);
      moveClock(wait);
      if (attempt % 4 === 0) await evict(chat.session.id);
      await runDurableObjectAlarm(objectOf(chat.session.id));
    }
    expect(waits.at(-1)).toBeGreaterThan(HOUR_MS / 2 - 1);
    heal();
    await catchUp([chat]);
    await expectCaughtUp(teamId, [chat]);
  });
});

test("an index that does not answer at all holds nobody up for long", async () => {
  const teamId = await newTeam();
  const key = await newTeamKey(teamId);
  const [known, unknown] = [await newSession(teamId), await newSession(await newTeam())];
  expect((await call(`${pathOf(known)}/validate`, { bearer: key })).status).toBe(200);
  moveClock(2 * MINUTE_MS);
  breakDown("hangs");
  const started = performance.now();
  const answers = await Promise.all([
    validate(known),
    call(pathOf(known), { bearer: key }),
    validate(unknown),
    post(unknown),
    terminate(known),
    call("/api/sessions/create", { body: { teamId } }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 201, 204, 201]);
  expect(performance.now() - started).toBeLessThan(9_000);
});

test("a change made while the index is being told of the one before is not lost", async () => {
  const teamId = await newTeam();
  const chat = await newSession(teamId);
  moveClock(MINUTE_MS);
  await validate(chat);
  moveClock(HOUR_MS);
  const { reached, release } = holdIndex();
  const alarm = runDurableObjectAlarm(objectOf(chat.session.id));
  await reached;
  const ended = terminate(chat);
  await vi.waitFor(async () => {
    expect(await (await validate(chat)).json()).toMatchObject({ isValid: false });
  });
  release();
  expect([await alarm, (await ended).status]).toEqual([true, 204]);
  await expectCaughtUp(teamId, [chat]);
});

describe("whatever happens, in whatever order", () => {
  type Step =
    | "create"
    | "validate"
    | "post"
    | "open"
    | "end"
    | "break"
    | "heal"
    | "wait"
    | "alarm"
    | "evict";
  const step = fc.record({
    act: fc.constantFrom<Step>(
      "create",
      "validate",
      "post",
      "open",
      "end",
      "break",
      "heal",
      "wait",
      "alarm",
      "evict",
    ),
    which: fc.nat(3),
    minutes: fc.constantFrom(1, 5, 31, 61, 24 * 60),
  });

  test("the index ends up as the objects are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25, size: "max" }), async (steps) => {
        const teamId = await newTeam();
        const chats = [await newSpokenSession(teamId)];
        moveClock(0);
        try {
          for (const { act, which, minutes } of steps) {
            const chat = chats[which % chats.length] ?? chats[0];
            if (chat === undefined) throw new Error("there is always one");
            if (act === "create") chats.push(await newSpokenSession(teamId));
            else if (act === "validate") await validate(chat);
            else if (act === "post") await post(chat);
            else if (act === "open") await open(chat);
            else if (act === "end") await terminate(chat);
            else if (act === "break" && restore === undefined) breakDown();
            else if (act === "heal") heal();
            else if (act === "wait") moveClock(minutes * MINUTE_MS);
            else if (act === "alarm") await runDurableObjectAlarm(objectOf(chat.session.id));
            else if (act === "evict") await evict(chat.session.id);
          }
        } finally {
          heal();
        }
        await catchUp(chats);
        await expectCaughtUp(teamId, chats);
        vi.useRealTimers();
      }),
      { numRuns: 25 },
    );
  });
});
