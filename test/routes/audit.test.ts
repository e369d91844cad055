/** The audit trail: who did what to credentials, keys and people's data, for the team that it concerns and nobody else. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AuditEvent, AuditEventList } from "../../src/protocol/audit.ts";
import { call, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { HOUR_MS, MINUTE_MS, moveClock } from "../support/clock.ts";
import { breakIndex } from "../support/index-database.ts";
import { refusal } from "../support/problem.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";

const start = Date.UTC(2027, 4, 1, 12);

let teamId: string;
let heal = () => {};
let warned: () => readonly Record<string, unknown>[];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  warned = () =>
    warn.mock.calls
      .map(([line]) => JSON.parse(String(line)) as Record<string, unknown>)
      .filter(({ event }) => event === "access_refused");
  teamId = await newTeam();
});
afterEach(() => {
  heal();
  heal = () => {};
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const asAdmin = (path: string, method: string, body?: object) =>
  call(`/api/admin/teams/${teamId}${path}`, {
    method,
    bearer: TEST_ADMIN_TOKEN,
    ...(body && { body }),
  });

/** What the trail of a team holds, oldest first, read past the API. */
async function trail(type: string, id = teamId) {
  const { results } = await env.INDEX_DB.prepare(
    "SELECT * FROM audit_events WHERE team_id = ? AND type = ? ORDER BY at, id",
  )
    .bind(id, type)
    .all();
  return results;
}

async function list(bearer: string, query = ""): Promise<AuditEventList> {
  const response = await call(`/api/teams/${teamId}/audit-events${query}`, { bearer });
  expect(response.status, await response.clone().text()).toBe(200);
  return await response.json<AuditEventList>();
}

describe("the list", () => {
  test("is for keys of the team with the scope `admin`", async () => {
    const ask = async (bearer: string) =>
      refusal(await call(`/api/teams/${teamId}/audit-events`, { bearer }));
    expect(await ask(await newTeamKey(teamId, ["sessions:read", "operators"]))).toBe(
      "403 forbidden",
    );
    expect(await ask(await newTeamKey(await newTeam()))).toBe("404 team_not_found");
    expect(await ask((await newSession(teamId)).token)).toBe("403 forbidden");
  });

  test("goes through everything page by page, newest first, and nothing comes twice", async () => {
    const key = await newTeamKey(teamId, ["admin"]);
    for (let minute = 1; minute <= 5; minute++) {
      moveClock(MINUTE_MS);
      await newSession(teamId);
      await newSession(teamId);
    }
    await list(key);
    await vi.waitFor(async () => expect(await trail("key.used")).toHaveLength(1));
    const seen: AuditEvent[] = [];
    let query = "?limit=3";
    for (let page = await list(key, query); ; page = await list(key, query)) {
      seen.push(...page.events);
      if (page.nextCursor === undefined) break;
      query = `?limit=3&cursor=${page.nextCursor}`;
    }
    expect(seen.map(({ type }) => type).sort()).toEqual([
      "key.created",
      "key.used",
      ...Array<string>(10).fill("session.created"),
      "team.created",
    ]);
    const times = seen.map(({ at }) => at);
    expect(times).toEqual(times.toSorted().reverse());
    expect(new Set(seen.map(({ id }) => id)).size).toBe(13);
    for (const query of ["?cursor=nonsense", "?limit=0", "?limit=101"]) {
      const path = `/api/teams/${teamId}/audit-events${query}`;
      expect(await refusal(await call(path, { bearer: key }))).toBe("400 invalid_parameter");
    }
  });
});

describe("what the administrator does", () => {
  test("is told with what was changed, and never a secret", async () => {
    const patched = await asAdmin("", "PATCH", {
      disabled: true,
      limits: { socketsPerSession: 1 },
    });
    expect(patched.status).toBe(200);
    expect(await trail("team.created")).toMatchObject([
      { actor_kind: "admin", details: '{"name":"A team"}' },
    ]);
    expect(await trail("team.updated")).toMatchObject([
      { actor_kind: "admin", details: '{"fields":["disabled","limits"],"disabled":true}' },
    ]);
    const key = await newTeamKey(teamId, ["admin"]);
    const [, keyId] = key.split("_");
    const secret = key.slice(20);
    for (let again = 0; again < 2; again++) {
      expect((await asAdmin(`/keys/${keyId}`, "DELETE")).status).toBe(204);
    }
    const details = JSON.stringify({ keyId });
    expect(await trail("key.created")).toMatchObject([
      { details: JSON.stringify({ keyId, scopes: ["admin"] }) },
    ]);
    expect(await trail("key.revoked")).toMatchObject([{ actor_kind: "admin", details }]);
    const { results } = await env.INDEX_DB.prepare("SELECT * FROM audit_events").all();
    expect(JSON.stringify(results)).not.toContain(secret);
  });

  test("that changes nothing is told by nothing", async () => {
    const again = await call("/api/admin/teams", {
      bearer: TEST_ADMIN_TOKEN,
      body: { id: teamId, name: "Another" },
    });
    expect(again.status).toBe(409);
    expect((await asAdmin("/keys/0123456789abcdef", "DELETE")).status).toBe(404);
    expect(await trail("team.created")).toHaveLength(1);
    expect(await trail("key.revoked")).toEqual([]);
  });

  test("by many at once is told once for each change that came through", async () => {
    const changes = [{ idleDays: 5 }, { absoluteDays: 50 }, { retentionDays: 500 }, { name: "N" }];
    await Promise.all(changes.map((body) => asAdmin("", "PATCH", body)));
    const told = (await trail("team.updated")).map(({ details }) => String(details)).sort();
    expect(told).toEqual(
      changes.map((body) => JSON.stringify({ fields: Object.keys(body) })).sort(),
    );
  });

  test("and cannot be told is not done", async () => {
    await env.INDEX_DB.exec(
      "CREATE TRIGGER no_events BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'full'); END",
    );
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    try {
      expect((await asAdmin("", "PATCH", { idleDays: 3 })).status).toBeGreaterThanOrEqual(500);
    } finally {
      await env.INDEX_DB.exec("DROP TRIGGER no_events");
    }
    const team = await (await asAdmin("", "GET")).json<{ team: { idleDays: number } }>();
    expect(team.team.idleDays).toBe(30);
  });
});

describe("a key's use", () => {
  test("is told once an hour, however often it is used, in whichever isolate", async () => {
    const key = await newTeamKey(teamId);
    const use = () => call(`/api/sessions/stats/${teamId}`, { bearer: key });
    for (let hour = 0; hour < 3; hour++) {
      await Promise.all(Array.from({ length: 10 }, use));
      await vi.waitFor(async () => expect(await trail("key.used")).toHaveLength(hour + 1));
      moveClock(HOUR_MS / 2);
      await use();
      moveClock(HOUR_MS / 2);
    }
    const told = await trail("key.used");
    expect(told).toHaveLength(3);
    expect(told).toMatchObject([{ actor_kind: "team", actor_id: key.split("_")[1] }, {}, {}]);
    // Another isolate writes the very same row.
    const [first] = told;
    const copy = env.INDEX_DB.prepare(
      "INSERT INTO audit_events SELECT * FROM audit_events WHERE id = ? ON CONFLICT DO NOTHING",
    ).bind(first?.id);
    expect((await copy.run()).meta.rows_written).toBe(0);
  });

  test("is not before its creation", async () => {
    moveClock(40 * MINUTE_MS);
    const key = await newTeamKey(teamId);
    await call(`/api/sessions/stats/${teamId}`, { bearer: key });
    await vi.waitFor(async () => expect(await trail("key.used")).toHaveLength(1));
    const [[created], [used]] = [await trail("key.created"), await trail("key.used")];
    expect(used?.at).toBe(created?.at);
  });

  test("that cannot be told neither fails nor waits", async () => {
    const key = await newTeamKey(teamId, ["sessions:read"]);
    const { session } = await newSession(teamId);
    const path = `/api/sessions/${session.id}`;
    expect((await call(path, { bearer: key })).status).toBe(200);
    await vi.waitFor(async () => expect(await trail("key.used")).toHaveLength(1));
    moveClock(HOUR_MS);
    // The isolate knows team and key for a minute, and goes on with what it knows after that.
    heal = breakIndex("fails");
    for (let turn = 0; turn < 3; turn++) {
      expect((await call(path, { bearer: key })).status).toBe(200);
    }
    heal();
    expect(await trail("key.used")).toHaveLength(1);
    moveClock(2 * MINUTE_MS);
    await call(path, { bearer: key });
    await vi.waitFor(async () => expect(await trail("key.used")).toHaveLength(2));
  });
});

describe("refusals", () => {
  test("are told to the team whose session it is, with nothing that was presented", async () => {
    const { session, token } = await newSession(teamId);
    const other = await newSession(await newTeam());
    const response = await call(`/api/sessions/${session.id}/refresh`, {
      bearer: other.token,
      body: {},
    });
    expect(await refusal(response)).toBe("401 invalid_credential");
    await vi.waitFor(async () => expect(await trail("access.refused")).toHaveLength(1));
    expect(await trail("access.refused")).toMatchObject([
      {
        session_id: null,
        actor_kind: "credential",
        actor_id: null,
        details: '{"code":"invalid_credential","operation":"refreshSession","count":1}',
      },
    ]);
    expect(await trail("access.refused", other.session.teamId)).toEqual([]);
    const lines = JSON.stringify(warned());
    expect(lines).toContain(teamId);
    for (const secret of [session.id, token, other.token, other.session.id]) {
      expect(lines).not.toContain(secret);
    }
  });

  test("by its own key name the key", async () => {
    const key = await newTeamKey(teamId, ["sessions:read"]);
    const response = await call(`/api/teams/${teamId}/operators`, {
      bearer: key,
      body: { operatorId: "a", name: "A" },
    });
    expect(await refusal(response)).toBe("403 forbidden");
    await vi.waitFor(async () => expect(await trail("access.refused")).toHaveLength(1));
    expect(await trail("access.refused")).toMatchObject([
      { actor_kind: "team", actor_id: key.split("_")[1] },
    ]);
  });

  test("in a flood are told at most ten times a minute, with how many they were", async () => {
    const { session } = await newSession(teamId);
    const flood = async () => {
      for (let round = 0; round < 15; round++) {
        await Promise.all(
          Array.from({ length: 100 }, () =>
            call(`/api/sessions/${session.id}`, { bearer: "nonsense" }),
          ),
        );
      }
    };
    await flood();
    await vi.waitFor(async () => expect(await trail("access.refused")).toHaveLength(10));
    moveClock(MINUTE_MS);
    await call(`/api/sessions/${session.id}`, { bearer: "nonsense" });
    await vi.waitFor(async () => expect(await trail("access.refused")).toHaveLength(11));
    const counts = (await trail("access.refused")).map(
      ({ details }) => (JSON.parse(String(details)) as { count: number }).count,
    );
    expect(counts.sort((a, b) => a - b)).toEqual([1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
    expect(warned().filter(({ team }) => team === teamId)).toHaveLength(11);
  });

  test("by guessed names of teams are looked up a bounded number of times", async () => {
    const before = env.INDEX_DB.prepare("SELECT count(*) AS n FROM audit_events");
    const counted = (await before.first<{ n: number }>())?.n;
    await Promise.all(
      Array.from({ length: 300 }, (_, index) => call(`/api/teams/guess-${index}/sessions`)),
    );
    await scheduler.wait(50);
    expect((await before.first<{ n: number }>())?.n).toBe(counted);
    expect(warned().length).toBeLessThanOrEqual(10);
  });

  test("are not held up by an index that is down", async () => {
    const { session } = await newSession(teamId);
    await call(`/api/sessions/${session.id}`, { bearer: "nonsense" });
    heal = breakIndex("hangs");
    const started = performance.now();
    const response = await call(`/api/sessions/${session.id}`, { bearer: "nonsense" });
    expect(await refusal(response)).toBe("401 invalid_credential");
    expect(performance.now() - started).toBeLessThan(500);
  });
});
