/** The calls that a session is made of, in exactly the shapes of the contract. */
import { env, exports } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import type {
  RefreshSessionResponse,
  SessionList,
  SessionStats,
  SessionWithToken,
  ValidateSessionResponse,
} from "../../src/protocol/rest.ts";
import type { Session } from "../../src/protocol/session.ts";
import { BASE, call, newSession, newTeam, newTeamKey, ORIGIN, things } from "../support/api.ts";
import { DAY_MS, MINUTE_MS, moveClock } from "../support/clock.ts";
import { refusal } from "../support/problem.ts";
import { TestSocket } from "../support/socket.ts";

afterEach(() => {
  vi.useRealTimers();
});

const SESSION_FIELDS = [
  "createdAt",
  "defaultConversationId",
  "deviceInfo",
  "expiresAt",
  "id",
  "lastAccessed",
  "lastSeq",
  "locationInfo",
  "status",
  "teamId",
  "version",
];
const SUMMARY_FIELDS = [
  "createdAt",
  "deviceInfo",
  "expiresAt",
  "id",
  "lastAccessed",
  "locationInfo",
  "status",
  "teamId",
];
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const fields = (value: object) => Object.keys(value).sort();

function expectSession(session: Session, ...more: string[]): void {
  expect(fields(session)).toEqual([...SESSION_FIELDS, ...more].sort());
  for (const time of [session.createdAt, session.lastAccessed, session.expiresAt]) {
    expect(time).toMatch(ISO_TIME);
  }
}

describe("POST /api/sessions/create", () => {
  test("answers 201 with the session, a token and a ticket", async () => {
    const teamId = await newTeam();
    const deviceInfo = {
      browser: "Firefox",
      browserVersion: "150",
      os: "Linux",
      osVersion: "7",
      deviceType: "desktop" as const,
      userAgent: "Mozilla/5.0",
      screen: { width: 1920, height: 1080 },
      timeZone: "Europe/Berlin",
      languages: ["de-DE", "en"],
    };
    const response = await call("/api/sessions/create", {
      body: { teamId, deviceInfo, userFingerprint: "print", tokenTransport: "bearer" },
      headers: { Origin: ORIGIN },
    });

    expect(response.status).toBe(201);
    expect(response.headers.get("Content-Type")).toBe("application/json");
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    const created = await response.json<SessionWithToken>();
    expect(fields(created)).toEqual(["session", "ticket", "token"]);
    const { session, token, ticket } = created;
    expectSession(session);
    expect(session).toMatchObject({ teamId, status: "active", version: 1, lastSeq: 0, deviceInfo });
    expect(session.id).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect(session.lastAccessed).toBe(session.createdAt);
    expect(Date.parse(session.expiresAt) - Date.parse(session.createdAt)).toBe(30 * DAY_MS);
    expect(token).toMatch(new RegExp(`^${session.id}\\.[\\w-]{12}\\.[\\w-]{54}$`));
    expect(ticket).not.toContain(token.split(".")[2]);
    expect(JSON.stringify(created)).not.toContain("print");
  });

  test("takes the visitor's place from the edge, as far as it can be believed", async () => {
    const teamId = await newTeam();
    const locationAt = async (cf: object) => {
      const response = await exports.default.fetch(`${BASE}/api/sessions/create`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ teamId }),
        cf,
      } as RequestInit);
      return (await response.json<SessionWithToken>()).session.locationInfo;
    };
    expect(
      await locationAt({
        country: "DE",
        region: "Berlin",
        city: "Berlin",
        timezone: "Europe/Berlin",
        latitude: "52.5",
        postalCode: "10115",
      }),
    ).toEqual({ country: "DE", region: "Berlin", city: "Berlin", timeZone: "Europe/Berlin" });
    expect(await locationAt({ country: "T1", city: "x".repeat(500) })).toEqual({
      city: "x".repeat(128),
    });
  });

  test("takes place and address of a visitor from the team alone, and keeps no address", async () => {
    const teamId = await newTeam();
    const key = await newTeamKey(teamId, ["sessions:write"]);
    const body = { teamId, locationInfo: { country: "US", region: "CA" }, clientIp: "203.0.113.9" };
    const { session } = await newSession(teamId, { bearer: key, body });
    expect(session.locationInfo).toEqual({ country: "US", region: "CA" });
    const row = await env.INDEX_DB.prepare("SELECT * FROM sessions WHERE id = ?")
      .bind(session.id)
      .first();
    expect(row).toMatchObject({ country: "US" });
    expect(JSON.stringify(row)).not.toContain("203.0.113.9");

    for (const field of [{ locationInfo: {} }, { clientIp: "203.0.113.9" }]) {
      const refused = await call("/api/sessions/create", { body: { teamId, ...field } });
      expect(await refusal(refused)).toBe("403 forbidden");
    }
  });

  test("is refused for a team that is not there, is disabled, or is another's", async () => {
    const [teamId, otherId] = [await newTeam(), await newTeam({ disabled: true })];
    const key = await newTeamKey(teamId);
    const create = async (team: string, bearer?: string) =>
      refusal(await call("/api/sessions/create", { body: { teamId: team }, bearer }));
    expect(await create("no-such-team")).toBe("404 team_not_found");
    expect(await create(otherId)).toBe("403 team_disabled");
    expect(await create(otherId, key)).toBe("404 team_not_found");
    expect(await create("no-such-team", key)).toBe("404 team_not_found");
    expect(await create(teamId, await newTeamKey(teamId, ["sessions:read"]))).toBe("403 forbidden");
  });
});

describe("GET /api/sessions/{id}/validate", () => {
  test("of an active session: the session, and a ticket for a credential", async () => {
    const teamId = await newTeam();
    const { session, token } = await newSession(teamId);
    const path = `/api/sessions/${session.id}/validate`;

    const response = await call(path, { bearer: token });
    expect(response.status).toBe(200);
    const validated = await response.json<ValidateSessionResponse>();
    expect(fields(validated)).toEqual(["isValid", "session", "ticket"]);
    expect(validated).toMatchObject({ isValid: true, session });

    const byTeam = await call(path, { bearer: await newTeamKey(teamId) });
    expect(await byTeam.json()).toEqual({ isValid: true, session });
  });

  test("slides the expiry, at most once a touch interval", async () => {
    const { session, token } = await newSession(await newTeam());
    const validate = async () => {
      const response = await call(`/api/sessions/${session.id}/validate`, { bearer: token });
      return (await response.json<{ session: Session }>()).session;
    };
    expect(await validate()).toEqual(session);
    moveClock(MINUTE_MS);
    const slid = await validate();
    expect(slid.version).toBe(2);
    expect(Date.parse(slid.expiresAt) - Date.now()).toBe(30 * DAY_MS);
    moveClock(MINUTE_MS / 2);
    expect(await validate()).toEqual(slid);
  });

  test("of an ended session: no ticket, and why", async () => {
    const { session, token } = await newSession(await newTeam());
    const path = `/api/sessions/${session.id}`;
    await call(path, { method: "DELETE", bearer: token });
    const validated = await (await call(`${path}/validate`, { bearer: token })).json<
      ValidateSessionResponse & { session: Session }
    >();
    expect(fields(validated)).toEqual(["isValid", "reason", "session"]);
    expect(validated).toMatchObject({ isValid: false, reason: "terminated" });
    expectSession(validated.session, "endReason");
    expect(validated.session).toMatchObject({ status: "terminated", endReason: "terminated" });
  });

  test.each([
    { days: 30, endReason: "idle", keepAlive: false },
    { days: 180, endReason: "absolute", keepAlive: true },
  ])("after $days days: expired, though no alarm ran", async ({ days, endReason, keepAlive }) => {
    const { session, token } = await newSession(await newTeam());
    const validate = async () => {
      const response = await call(`/api/sessions/${session.id}/validate`, { bearer: token });
      return response.json<ValidateSessionResponse>();
    };
    moveClock(0);
    for (let day = 0; keepAlive && day < days - 20; day += 20) {
      moveClock(20 * DAY_MS);
      expect(await validate()).toMatchObject({ isValid: true });
    }
    const end = Date.parse(session.createdAt) + days * DAY_MS;
    moveClock(end - 1 - Date.now());
    if (keepAlive) expect(await validate()).toMatchObject({ isValid: true });
    moveClock(MINUTE_MS + 1);
    expect(await validate()).toMatchObject({
      isValid: false,
      reason: "expired",
      session: { status: "expired", endReason },
    });
  });
});

describe("POST /api/sessions/{id}/refresh", () => {
  test("extends the session, however recently it was touched", async () => {
    const teamId = await newTeam();
    const { session, token } = await newSession(teamId);
    const path = `/api/sessions/${session.id}/refresh`;
    moveClock(1_000);

    const response = await call(path, { bearer: token, body: {} });
    expect(response.status).toBe(200);
    const refreshed = await response.json<RefreshSessionResponse>();
    expect(fields(refreshed)).toEqual(["session", "ticket"]);
    expectSession(refreshed.session);
    expect(Date.parse(refreshed.session.expiresAt) - Date.now()).toBe(30 * DAY_MS);

    const byTeam = await call(path, { bearer: await newTeamKey(teamId), method: "POST" });
    expect(fields(await byTeam.json<object>())).toEqual(["session"]);
  });

  test("of an ended session answers 410 with how it ended", async () => {
    const teamId = await newTeam();
    const [left, ended] = [await newSession(teamId), await newSession(teamId)];
    // One in which nothing was said is gone soon after its end.
    await things.message(ended);
    await call(`/api/sessions/${ended.session.id}`, { method: "DELETE", bearer: ended.token });
    const refresh = async ({ session, token }: SessionWithToken) =>
      refusal(await call(`/api/sessions/${session.id}/refresh`, { bearer: token, body: {} }));
    expect(await refresh(ended)).toBe("410 session_terminated");
    moveClock(31 * DAY_MS);
    expect(await refresh(left)).toBe("410 session_expired");
    expect(await refresh(ended)).toBe("410 session_terminated");
  });
});

test("GET /api/sessions/{id} answers the session and changes nothing", async () => {
  const teamId = await newTeam();
  const { session, token } = await newSession(teamId);
  moveClock(DAY_MS);
  for (const bearer of [token, await newTeamKey(teamId, ["sessions:read"])]) {
    const response = await call(`/api/sessions/${session.id}`, { bearer });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ session });
  }
});

test("DELETE /api/sessions/{id} ends it, answers 204 each time, and closes its sockets", async () => {
  const teamId = await newTeam();
  const { session, token, ticket } = await newSession(teamId);
  const socket = await TestSocket.open(session, ticket);
  await socket.first("synced");
  for (const bearer of [token, token, await newTeamKey(teamId)]) {
    const response = await call(`/api/sessions/${session.id}`, { method: "DELETE", bearer });
    expect(response.status).toBe(204);
    expect(response.body).toBeNull();
    expect(response.headers.get("Cache-Control")).toBe("no-store");
  }
  expect(await socket.closed()).toBe(4410);
});

describe("GET /api/sessions/fingerprint/{fingerprint}/{teamId}", () => {
  test("finds a browser's sessions, newest activity first, and never a token", async () => {
    const teamId = await newTeam();
    const key = await newTeamKey(teamId, ["sessions:read"]);
    const hint = "a/b c%üñ😀?#";
    const made: SessionWithToken[] = [];
    for (let index = 0; index < 3; index++) {
      made.push(await newSession(teamId, { body: { userFingerprint: hint } }));
      moveClock(1_000);
    }
    await newSession(teamId, { body: { userFingerprint: "another" } });
    await newSession(await newTeam(), { body: { userFingerprint: hint } });
    const find = async (query: string) => {
      const path = `/api/sessions/fingerprint/${encodeURIComponent(hint)}/${teamId}${query}`;
      const response = await call(path, { bearer: key });
      expect(response.status).toBe(200);
      expect(response.headers.get("Cache-Control")).toBe("no-store");
      return response.json<SessionList>();
    };

    const all = await find("");
    expect(fields(all)).toEqual(["sessions"]);
    expect(all.sessions.map(({ id }) => id)).toEqual(
      made.map(({ session }) => session.id).reverse(),
    );
    for (const summary of all.sessions) expect(fields(summary)).toEqual(SUMMARY_FIELDS);
    for (const { token } of made) {
      expect(JSON.stringify(all)).not.toContain(token.split(".")[2]);
      expect(JSON.stringify(all)).not.toContain(token.split(".")[1]);
    }

    const first = await find("?limit=2");
    expect(fields(first)).toEqual(["nextCursor", "sessions"]);
    const rest = await find(`?limit=2&cursor=${first.nextCursor}`);
    expect([...first.sessions, ...rest.sessions]).toEqual(all.sessions);
  });

  test("tells of an ended session when and why it ended", async () => {
    const teamId = await newTeam();
    const { session, token } = await newSession(teamId, { body: { userFingerprint: "f" } });
    await call(`/api/sessions/${session.id}`, { method: "DELETE", bearer: token });
    const response = await call(`/api/sessions/fingerprint/f/${teamId}`, {
      bearer: await newTeamKey(teamId),
    });
    const [found] = (await response.json<SessionList>()).sessions;
    expect(fields(found ?? {})).toEqual([...SUMMARY_FIELDS, "endReason", "endedAt"].sort());
    expect(found).toMatchObject({ status: "terminated", endReason: "terminated" });
  });
});

describe("GET /api/sessions/stats/{teamId}", () => {
  test("counts what there is and was", async () => {
    const teamId = await newTeam();
    const key = await newTeamKey(teamId, ["stats:read"]);
    const stats = async () => {
      const response = await call(`/api/sessions/stats/${teamId}`, { bearer: key });
      expect(response.status).toBe(200);
      return response.json<SessionStats>();
    };
    expect(await stats()).toEqual({
      totalSessions: 0,
      activeSessions: 0,
      expiredSessions: 0,
      terminatedSessions: 0,
      averageSessionDuration: 0,
    });

    moveClock(0);
    const [expiring, ended] = [await newSession(teamId), await newSession(teamId)];
    moveClock(20 * MINUTE_MS);
    await call(`/api/sessions/${ended.session.id}/refresh`, {
      method: "POST",
      bearer: ended.token,
    });
    await call(`/api/sessions/${ended.session.id}`, { method: "DELETE", bearer: ended.token });
    moveClock(31 * DAY_MS);
    await call(`/api/sessions/${expiring.session.id}/validate`, { bearer: expiring.token });
    await newSession(teamId);
    await vi.waitFor(async () => {
      expect(await stats()).toEqual({
        totalSessions: 3,
        activeSessions: 1,
        expiredSessions: 1,
        terminatedSessions: 1,
        averageSessionDuration: 400,
      });
    });
  });
});
