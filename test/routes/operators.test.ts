/** Members of a team's staff: signed in by the team's backend, for hours at most, on its pages and the Worker's own. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { cleanUp } from "../../src/operations/cleanup/clean-up.ts";
import type { OperatorToken, TeamKeyList } from "../../src/protocol/team.ts";
import { BASE, call, newSession, newTeam, newTeamKey, ORIGIN } from "../support/api.ts";
import { HOUR_MS, MINUTE_MS, moveClock } from "../support/clock.ts";
import { indexCost } from "../support/index-database.ts";
import { refusal } from "../support/problem.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";

const STAFF_ORIGIN = "https://desk.example";

let teamId: string;
let key: string;

beforeAll(async () => {
  teamId = await newTeam({ operatorOrigins: [STAFF_ORIGIN] });
  key = await newTeamKey(teamId);
});
beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const anna = { operatorId: "anna", name: "Anna", avatarUrl: "https://desk.example/anna.png" };

async function signIn(body: object = anna, bearer = key): Promise<OperatorToken> {
  const response = await call(`/api/teams/${teamId}/operators`, { bearer, body });
  expect(response.status, await response.clone().text()).toBe(201);
  return await response.json<OperatorToken>();
}

const signOut = (operatorId: string, bearer = key) =>
  call(`/api/teams/${teamId}/operators/${operatorId}`, { method: "DELETE", bearer });

const list = (bearer: string, origin?: string) =>
  call(`/api/teams/${teamId}/sessions`, {
    bearer,
    ...(origin !== undefined && { headers: { Origin: origin } }),
  });

describe("a token", () => {
  test("is shown once, kept as a hash, and goes into the dashboard's fragment", async () => {
    const { operatorToken, dashboardUrl, expiresAt } = await signIn();
    expect(operatorToken).toMatch(/^op_[0-9a-f]{16}_[\w-]{54}$/);
    expect(dashboardUrl).toBe(`${BASE}/dashboard#op=${operatorToken}&team=${teamId}`);
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(12 * HOUR_MS - MINUTE_MS);
    const [, tokenId] = operatorToken.split("_");
    const secret = operatorToken.slice(20);
    const row = await env.INDEX_DB.prepare("SELECT * FROM operator_tokens WHERE id = ?")
      .bind(tokenId)
      .first();
    expect(row).toMatchObject({ team_id: teamId, operator_id: "anna", name: "Anna" });
    expect(JSON.stringify(row)).not.toContain(secret);
    const event = await env.INDEX_DB.prepare(
      "SELECT * FROM audit_events WHERE type = 'operator_token.created' AND details LIKE ?",
    )
      .bind(`%${tokenId}%`)
      .first();
    expect(event).toMatchObject({ actor_kind: "team", actor_id: key.split("_")[1] });
    expect(JSON.stringify(event)).not.toContain(secret);
  });

  test("is minted by a key with the scope `operators` alone", async () => {
    const ask = async (bearer: string) =>
      refusal(await call(`/api/teams/${teamId}/operators`, { bearer, body: anna }));
    expect(await ask(await newTeamKey(teamId, ["admin", "sessions:write"]))).toBe("403 forbidden");
    expect(await ask(await newTeamKey(await newTeam()))).toBe("404 team_not_found");
    const { operatorToken } = await signIn(anna, await newTeamKey(teamId, ["operators"]));
    expect(await ask(operatorToken)).toBe("403 forbidden");
  });

  test.each([
    { expiresInSeconds: 12 * 3600 + 1 },
    { expiresInSeconds: 0 },
    { operatorId: "" },
    { operatorId: "." },
    { operatorId: ".." },
    { name: undefined },
    { avatarUrl: "javascript:alert(1)" },
    { role: "admin" },
  ])("is not minted with %j", async (fields) => {
    const body = { ...anna, ...fields };
    const response = await call(`/api/teams/${teamId}/operators`, { bearer: key, body });
    expect(await refusal(response)).toBe("422 validation_failed");
  });

  test("opens the team's sessions, and signs what is written with it", async () => {
    const { operatorToken } = await signIn();
    const { session } = await newSession(teamId);
    expect((await list(operatorToken)).status).toBe(200);
    const posted = await call(`/api/sessions/${session.id}/messages`, {
      bearer: operatorToken,
      body: { clientId: "one", content: "How can I help?" },
    });
    expect(posted.status).toBe(201);
    expect(await posted.json()).toMatchObject({
      message: {
        role: "operator",
        author: { id: "anna", name: "Anna", avatarUrl: anna.avatarUrl },
      },
    });
    const foreign = await newSession(await newTeam());
    const response = await call(`/api/sessions/${foreign.session.id}`, { bearer: operatorToken });
    expect(await refusal(response)).toBe("404 session_not_found");
  });

  test("that is forged is refused without a look-up", async () => {
    const { operatorToken } = await signIn();
    const last = operatorToken.endsWith("A") ? "B" : "A";
    const [, teamKeySecret = ""] = /^sk_[0-9a-f]{16}_(.*)$/.exec(key) ?? [];
    const forged = [
      operatorToken.slice(0, -1) + last,
      `op_${"0".repeat(16)}_${operatorToken.split("_").slice(2).join("_")}`,
      `op_${key.split("_")[1]}_${teamKeySecret}`,
      operatorToken.replace("op_", "sk_"),
      "op_",
    ];
    const { rowsRead } = await indexCost(async () => {
      for (const bearer of forged) {
        expect(await refusal(await call(`/api/sessions/stats/${teamId}`, { bearer }))).toBe(
          "401 invalid_credential",
        );
      }
    });
    // Whose trail the refusals go to.
    expect(rowsRead).toBeLessThanOrEqual(1);
  });
});

describe("it ends", () => {
  test("when its time is over, to the millisecond, whatever is cached; the cron deletes it", async () => {
    moveClock(0);
    const { operatorToken } = await signIn({ ...anna, expiresInSeconds: 60 });
    moveClock(MINUTE_MS - 1);
    expect((await list(operatorToken)).status).toBe(200);
    moveClock(1);
    expect(await refusal(await list(operatorToken))).toBe("401 invalid_credential");
    const short = { operatorId: "dan", name: "Dan", expiresInSeconds: 1 };
    await signIn(short);
    moveClock(1_000);
    expect(await refusal(await signOut("dan"))).toBe("404 operator_not_found");
    const kept = await signIn({ ...anna, expiresInSeconds: 3600 });
    await cleanUp(env, undefined, Date.now());
    const { results } = await env.INDEX_DB.prepare(
      "SELECT id FROM operator_tokens WHERE id IN (?, ?)",
    )
      .bind(operatorToken.split("_")[1], kept.operatorToken.split("_")[1])
      .all();
    expect(results).toEqual([{ id: kept.operatorToken.split("_")[1] }]);
  });

  test("for all of a person's tokens when the team says so, here at once", async () => {
    const mine = [
      await signIn({ operatorId: "bo", name: "Bo" }),
      await signIn({ operatorId: "bo", name: "Bo" }),
    ];
    const other = await signIn();
    expect((await list(mine[0]?.operatorToken ?? "")).status).toBe(200);
    expect((await signOut("bo")).status).toBe(204);
    for (const { operatorToken } of mine) {
      expect(await refusal(await list(operatorToken))).toBe("401 invalid_credential");
    }
    expect((await list(other.operatorToken)).status).toBe(200);
    expect(await refusal(await signOut("bo"))).toBe("404 operator_not_found");
    expect(await refusal(await signOut("nobody"))).toBe("404 operator_not_found");
    expect(await refusal(await signOut("anna", await newTeamKey(await newTeam())))).toBe(
      "404 team_not_found",
    );
    const { results } = await env.INDEX_DB.prepare(
      "SELECT details FROM audit_events WHERE team_id = ? AND type = 'operator_token.revoked'",
    )
      .bind(teamId)
      .all();
    expect(results).toEqual([{ details: '{"operatorId":"bo"}' }]);
  });

  test("everywhere within a minute of a revocation elsewhere", async () => {
    moveClock(0);
    const { operatorToken } = await signIn({ operatorId: "cy", name: "Cy" });
    expect((await list(operatorToken)).status).toBe(200);
    await env.INDEX_DB.prepare(
      "UPDATE operator_tokens SET revoked_at = 1 WHERE operator_id = 'cy'",
    ).run();
    moveClock(MINUTE_MS);
    expect(await refusal(await list(operatorToken))).toBe("401 invalid_credential");
  });
});

describe("a page", () => {
  const sessionPath = async () => `/api/sessions/${(await newSession(teamId)).session.id}`;
  const preflight = (path: string, origin: string) =>
    call(path, {
      method: "OPTIONS",
      headers: { Origin: origin, "Access-Control-Request-Method": "GET" },
    });

  test.each([STAFF_ORIGIN, BASE])("at %s may call with it, and read the answer", async (origin) => {
    const { operatorToken } = await signIn();
    const answers = [
      await list(operatorToken, origin),
      await call(`/api/sessions/stats/${teamId}`, {
        bearer: operatorToken,
        headers: { Origin: origin },
      }),
      await call(await sessionPath(), { bearer: operatorToken, headers: { Origin: origin } }),
    ];
    for (const response of answers) {
      expect(response.status, await response.clone().text()).toBe(200);
      expect(response.headers.get("Access-Control-Allow-Origin")).toBe(origin);
    }
  });

  test.each([
    ORIGIN,
    "https://evil.example",
    "null",
    `${STAFF_ORIGIN}.evil.example`,
    `${BASE}:8080`,
  ])("at %s may not, though the team's visitors come from there", async (origin) => {
    const { operatorToken } = await signIn();
    for (const response of [
      await list(operatorToken, origin),
      await call(`/api/sessions/stats/${teamId}`, {
        bearer: operatorToken,
        headers: { Origin: origin },
      }),
      await call(await sessionPath(), { bearer: operatorToken, headers: { Origin: origin } }),
    ]) {
      expect(await refusal(response)).toBe("403 origin_not_allowed");
      expect(response.headers.has("Access-Control-Allow-Origin")).toBe(false);
    }
  });

  test("for the staff may not call with a visitor's token, nor create sessions", async () => {
    const { session, token } = await newSession(teamId);
    const headers = { Origin: STAFF_ORIGIN };
    for (const response of [
      await call(`/api/sessions/${session.id}`, { bearer: token, headers }),
      await call(`/api/sessions/${session.id}/messages`, {
        bearer: token,
        headers,
        body: { clientId: "x", content: "x" },
      }),
      await call("/api/sessions/create", { headers, body: { teamId } }),
    ]) {
      expect(await refusal(response)).toBe("403 origin_not_allowed");
    }
  });

  test("asks in advance, without saying with what: both kinds are let through, no other", async () => {
    for (const path of [await sessionPath(), `/api/sessions/stats/${teamId}`]) {
      for (const origin of [ORIGIN, STAFF_ORIGIN]) {
        const response = await preflight(path, origin);
        expect(response.status).toBe(204);
        expect(response.headers.get("Access-Control-Allow-Origin")).toBe(origin);
      }
      expect(await refusal(await preflight(path, "https://evil.example"))).toBe(
        "403 origin_not_allowed",
      );
    }
  });

  test("of another team's staff reaches nothing of this one", async () => {
    const otherId = await newTeam({ operatorOrigins: ["https://other-desk.example"] });
    const otherKey = await newTeamKey(otherId);
    const made = await call(`/api/teams/${otherId}/operators`, { bearer: otherKey, body: anna });
    const { operatorToken } = await made.json<OperatorToken>();
    for (const origin of ["https://other-desk.example", STAFF_ORIGIN]) {
      const response = await list(operatorToken, origin);
      expect(await refusal(response)).toBe("403 origin_not_allowed");
    }
    expect(await refusal(await list(operatorToken, BASE))).toBe("404 team_not_found");
  });
});

test("a team key is replaced without a gap: both are good until the old one is revoked", async () => {
  const id = await newTeam();
  const [older, newer] = [
    await newTeamKey(id, ["stats:read"]),
    await newTeamKey(id, ["stats:read"]),
  ];
  const use = async (bearer: string) =>
    (await call(`/api/sessions/stats/${id}`, { bearer })).status;
  expect([await use(older), await use(newer)]).toEqual([200, 200]);
  const path = `/api/admin/teams/${id}/keys`;
  const keyId = (text: string) => text.split("_")[1] ?? "";
  await call(`${path}/${keyId(older)}`, { method: "DELETE", bearer: TEST_ADMIN_TOKEN });
  expect([await use(older), await use(newer)]).toEqual([401, 200]);
  const response = await call(path, { bearer: TEST_ADMIN_TOKEN });
  const { keys } = await response.json<TeamKeyList>();
  expect(keys.map((one) => [one.keyId, one.revokedAt !== undefined]).sort()).toEqual(
    [
      [keyId(older), true],
      [keyId(newer), false],
    ].sort(),
  );
  expect(JSON.stringify(keys)).not.toContain("secret");
  for (const text of [older, newer]) {
    expect(JSON.stringify(keys)).not.toContain(text.split("_").slice(2).join("_"));
  }
});
