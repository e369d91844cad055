// A session in time: what keeps it alive, when it ends, and when the index hears of it. The clock is moved by hand.
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { mintTicket } from "../../src/credentials/ticket.ts";
import { readToken } from "../../src/credentials/token.ts";
import { EMPTY_KEPT_MS } from "../../src/domain/lifecycle.ts";
import { signingKeys } from "../../src/keys.ts";
import type { SessionWithToken, ValidateSessionResponse } from "../../src/protocol/rest.ts";
import type { TeamPolicy } from "../../src/protocol/team.ts";
import { alarmAt, runAlarms } from "../support/alarms.ts";
import { call, newSession, newTeam, newTeamKey, things } from "../support/api.ts";
import { DAY_MS as DAY, MINUTE_MS as MINUTE } from "../support/clock.ts";
import { RESIDENCIES, stepper } from "../support/eviction.ts";
import { objectOf } from "../support/object-of.ts";
import { objectRowsWritten } from "../support/object-storage.ts";
import { TestSocket } from "../support/socket.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";

const start = Date.UTC(2027, 0, 1);
const keys = await signingKeys(env);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(start);
});
afterEach(() => {
  vi.useRealTimers();
});

function at(afterStartMs: number): void {
  vi.setSystemTime(start + afterStartMs);
}

async function validate({ session, token }: SessionWithToken): Promise<ValidateSessionResponse> {
  const response = await call(`/api/sessions/${session.id}/validate`, { bearer: token });
  expect(response.status).toBe(200);
  return await response.json();
}

async function stats(teamId: string): Promise<unknown> {
  const key = await newTeamKey(teamId, ["stats:read"]);
  return await (await call(`/api/sessions/stats/${teamId}`, { bearer: key })).json();
}

async function changeTeam(teamId: string, body: Partial<TeamPolicy>): Promise<void> {
  const sent = { method: "PATCH", bearer: TEST_ADMIN_TOKEN, body };
  expect((await call(`/api/admin/teams/${teamId}`, sent)).status).toBe(200);
}

function indexRow(id: string) {
  return env.INDEX_DB.prepare(
    "SELECT status, end_reason, ended_at, last_accessed, expires_at, version FROM sessions WHERE id = ?",
  )
    .bind(id)
    .first();
}

describe.each(RESIDENCIES)("an object that %s", (residency) => {
  const step = stepper(residency);

  describe.each(["run", "never run"])("whose alarm is %s", (alarms) => {
    async function moveTo(id: string, afterStartMs: number): Promise<void> {
      if (alarms === "run") await runAlarms(id, start + afterStartMs);
      at(afterStartMs);
      await step(id);
    }

    test("expires after 30 idle days, and not before", async () => {
      const created = await newSession(await newTeam());
      const { id } = created.session;
      expect(Date.parse(created.session.expiresAt)).toBe(start + 30 * DAY);
      await moveTo(id, 30 * DAY);
      expect((await validate(created)).isValid).toBe(true);
      await moveTo(id, 60 * DAY);
      expect((await validate(created)).isValid).toBe(true);
      await moveTo(id, 90 * DAY + MINUTE);
      expect(await validate(created)).toMatchObject({
        isValid: false,
        reason: "expired",
        session: { status: "expired", endReason: "idle" },
      });
      const late = await call(`/api/sessions/${id}/messages`, {
        bearer: created.token,
        body: { clientId: "late", content: "late" },
      });
      expect(late.status).toBe(410);
      const { credentialId, sessionId } = (await readToken(keys, created.token)) ?? {};
      const ticket = await mintTicket(
        keys,
        { sessionId: sessionId ?? "", credentialId: credentialId ?? "" },
        Date.now(),
      );
      const socket = await TestSocket.open(created.session, ticket);
      expect(await socket.closed()).toBe(4410);
    });

    test("expires after 180 days however busy it is", async () => {
      const created = await newSession(await newTeam());
      const { id } = created.session;
      for (let day = 20; day < 180; day += 20) {
        await moveTo(id, day * DAY);
        expect((await validate(created)).isValid).toBe(true);
      }
      await moveTo(id, 180 * DAY - 1);
      const { session, isValid } = await validate(created);
      expect(isValid).toBe(true);
      expect(Date.parse(session?.expiresAt ?? "")).toBe(start + 180 * DAY);
      await moveTo(id, 180 * DAY);
      expect(await validate(created)).toMatchObject({
        isValid: false,
        session: { status: "expired", endReason: "absolute" },
      });
    });
  });

  test("a call that was not written down still counts its 30 days", async () => {
    const created = await newSession(await newTeam());
    const { id } = created.session;
    at(MINUTE - 1);
    const before = await objectRowsWritten(id, () => validate(created));
    expect(before).toBe(0);
    await step(id);
    at(30 * DAY + MINUTE - 1);
    expect((await validate(created)).isValid).toBe(true);
  });

  test("a message by the owner is a touch, one by a bot too", async () => {
    const teamId = await newTeam();
    const key = await newTeamKey(teamId);
    const created = await newSession(teamId);
    const { id } = created.session;
    for (const [day, bearer] of [
      [29, created.token],
      [58, key],
    ] as const) {
      at(day * DAY);
      const body = { clientId: `day-${day}`, content: "still here" };
      expect((await call(`/api/sessions/${id}/messages`, { bearer, body })).status).toBe(201);
      await step(id);
    }
    at(87 * DAY);
    expect((await validate(created)).isValid).toBe(true);
  });

  test("a late alarm ends the session when it was due, not when it ran", async () => {
    const created = await newSession(await newTeam());
    const { id } = created.session;
    at(45 * DAY);
    await step(id);
    await runDurableObjectAlarm(objectOf(id));
    expect(await indexRow(id)).toMatchObject({
      status: "expired",
      end_reason: "idle",
      ended_at: start + 30 * DAY + MINUTE,
    });
    // Nothing was said in it: all that is left to do is to remove it.
    expect(await alarmAt(id)).toBe(start + 45 * DAY + EMPTY_KEPT_MS);
  });

  test("an owner's open socket that pings keeps the session alive, and writes nothing", async () => {
    // The platform stamps pings with the real clock, so this test ends at the real present.
    const present = vi.getRealSystemTime();
    vi.setSystemTime(present - 30 * DAY);
    const [created, silent] = [
      await newSession(await newTeam()),
      await newSession(await newTeam()),
    ];
    const socket = await TestSocket.open(created.session, created.ticket);
    await socket.first("synced");
    await step(created.session.id);
    const written = await objectRowsWritten(created.session.id, async () => {
      socket.sendRaw("ping");
      await socket.until(() => socket.pongs === 1);
    });
    expect(written).toBe(0);
    vi.setSystemTime(present + 5 * MINUTE);
    expect((await validate(silent)).isValid).toBe(false);
    expect((await validate(created)).isValid).toBe(true);
  });

  test("a chat of 20 minutes counts 1,200 seconds within 2 minutes of its last socket's closing", async () => {
    const teamId = await newTeam();
    const created = await newSession(teamId);
    const { id } = created.session;
    const socket = await TestSocket.open(created.session, created.ticket);
    await socket.first("synced");
    for (let minute = 1; minute <= 20; minute++) {
      at(minute * MINUTE);
      socket.send({ type: "send", messages: [{ clientId: `m${minute}`, content: "hello" }] });
      await socket.until(() => socket.messages.length === minute);
      await step(id);
    }
    expect(await indexRow(id)).toMatchObject({ last_accessed: start, version: 1 });
    socket.close();
    const hasHeard = async () => ((await alarmAt(id)) ?? 0) <= start + 22 * MINUTE;
    while (!(await hasHeard())) await scheduler.wait(1);
    await step(id);
    await runAlarms(id, start + 22 * MINUTE);
    expect(await indexRow(id)).toMatchObject({ last_accessed: start + 20 * MINUTE });
    expect(await stats(teamId)).toEqual({
      totalSessions: 1,
      activeSessions: 1,
      expiredSessions: 0,
      terminatedSessions: 0,
      averageSessionDuration: 1200,
    });
  });

  test("a bot's answer after the visit is over does not keep it from being counted", async () => {
    const teamId = await newTeam();
    const key = await newTeamKey(teamId);
    const created = await newSession(teamId);
    const { id } = created.session;
    const socket = await TestSocket.open(created.session, created.ticket);
    await socket.first("synced");
    at(20 * MINUTE);
    const armed = await alarmAt(id);
    socket.close();
    while ((await alarmAt(id)) === armed) await scheduler.wait(1);
    await step(id);
    at(20 * MINUTE + 5_000);
    const body = { clientId: "late", content: "Here is your answer." };
    await call(`/api/sessions/${id}/messages`, { bearer: key, body });
    await runAlarms(id, start + 22 * MINUTE);
    expect(await stats(teamId)).toMatchObject({ averageSessionDuration: 1205 });
  });

  test("a session that ended while nobody looked is not revived by its socket's closing", async () => {
    const created = await newSession(await newTeam());
    await things.message(created);
    const socket = await TestSocket.open(created.session, created.ticket);
    await socket.first("synced");
    at(31 * DAY);
    await step(created.session.id);
    socket.close();
    await scheduler.wait(20);
    at(32 * DAY);
    expect((await validate(created)).isValid).toBe(false);
  });

  test("opening a conversation is an access", async () => {
    const created = await newSession(await newTeam());
    const { id } = created.session;
    at(29 * DAY);
    const path = `/api/sessions/${id}/conversations`;
    expect((await call(path, { bearer: created.token, body: {} })).status).toBe(201);
    await step(id);
    at(31 * DAY);
    expect((await validate(created)).isValid).toBe(true);
  });

  test("a team that gives its sessions longer is heard even by those that nobody calls", async () => {
    const teamId = await newTeam();
    const [called, silent] = [await newSession(teamId), await newSession(teamId)];
    at(DAY);
    await changeTeam(teamId, { idleDays: 60 });
    at(2 * DAY);
    await validate(called);
    await step(called.session.id);
    for (const { session } of [called, silent]) {
      vi.setSystemTime(start + 2 * DAY);
      await runAlarms(session.id, start + 45 * DAY);
      expect(await indexRow(session.id)).toMatchObject({ status: "active" });
      expect((await indexRow(session.id))?.expires_at).toBeGreaterThanOrEqual(start + 60 * DAY);
    }
    at(63 * DAY);
    expect((await validate(silent)).isValid).toBe(false);
  });

  test("a chat of 20 minutes by calls alone counts 30 minutes after the last", async () => {
    const teamId = await newTeam();
    const created = await newSession(teamId);
    const { id } = created.session;
    for (let minute = 2; minute <= 20; minute += 2) {
      await runAlarms(id, start + minute * MINUTE);
      await validate(created);
      await step(id);
    }
    await runAlarms(id, start + 50 * MINUTE);
    expect(await stats(teamId)).toMatchObject({ averageSessionDuration: 1200 });
  });

  test("a busy session tells the index once an hour", async () => {
    const created = await newSession(await newTeam());
    const { id } = created.session;
    const socket = await TestSocket.open(created.session, created.ticket);
    await socket.first("synced");
    const told = new Set<unknown>();
    for (let minute = 1; minute <= 180; minute += 1) {
      await runAlarms(id, start + minute * MINUTE);
      socket.send({ type: "send", messages: [{ clientId: `m${minute}`, content: "hello" }] });
      await socket.until(() => socket.messages.length === minute);
      if (minute % 30 === 0) await step(id);
      told.add((await indexRow(id))?.last_accessed);
    }
    expect(told.size).toBeLessThanOrEqual(4);
    expect(told.size).toBeGreaterThanOrEqual(3);
  });

  test("touches do not move the alarm", async () => {
    const created = await newSession(await newTeam());
    const { id } = created.session;
    const armed = await alarmAt(id);
    for (let minute = 2; minute < 20; minute += 2) {
      at(minute * MINUTE);
      await validate(created);
      await step(id);
    }
    expect(await alarmAt(id)).toBe(armed);
  });
});
