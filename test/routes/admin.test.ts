/** Teams and their keys, for the administrator alone. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { DEFAULT_POLICY } from "../../src/domain/policy.ts";
import type { Team, TeamKey } from "../../src/protocol/team.ts";
import worker from "../../src/worker.ts";
import { BASE, call, newTeam, newTeamKey, type Sent } from "../support/api.ts";
import { problemOf, refusal } from "../support/problem.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";
import { requestOf, samplesFor } from "./sample-requests.ts";

const asAdmin = (path: string, sent: Sent = {}) =>
  call(path, { bearer: TEST_ADMIN_TOKEN, ...sent });

const newId = () => `admin-${crypto.randomUUID()}`;

async function teamOf(response: Response): Promise<Team> {
  expect(response.ok, await response.clone().text()).toBe(true);
  const body = await response.json<{ team: Team }>();
  expect(Object.keys(body)).toEqual(["team"]);
  return body.team;
}

describe("the door", () => {
  const routes = samplesFor("admin");
  const names = { id: "", teamId: "some-team" };

  test.each(routes)("$title is shut to a wrong token", async (sample) => {
    for (const bearer of [
      "wrong",
      `${TEST_ADMIN_TOKEN}x`,
      TEST_ADMIN_TOKEN.slice(0, -1),
      await newTeamKey(await newTeam()),
    ]) {
      const response = await call(sample.path(names), { bearer, ...requestOf(sample, names) });
      expect(await refusal(response)).toBe("401 invalid_credential");
    }
  });

  test.each(routes)("$title is not there without an ADMIN_TOKEN", async (sample) => {
    const { ADMIN_TOKEN: _, ...rest } = env;
    for (const without of [rest, { ...rest, ADMIN_TOKEN: "" }]) {
      for (const authorization of [
        undefined,
        "Bearer ",
        "Bearer undefined",
        `Bearer ${TEST_ADMIN_TOKEN}`,
      ]) {
        const body = sample.body(names);
        const request = new Request<unknown, IncomingRequestCfProperties>(
          `${BASE}${sample.path(names)}`,
          {
            method: sample.method,
            headers: {
              "Content-Type": "application/json",
              ...(authorization !== undefined && { Authorization: authorization }),
            },
            ...(body !== undefined && { body: JSON.stringify(body) }),
          },
        );
        const response = await worker.fetch(request, without as Env);
        expect(await refusal(response)).toBe("404 not_found");
      }
    }
  });
});

describe("a team", () => {
  test("is created with the default policy, or what is given over it", async () => {
    const id = newId();
    const response = await asAdmin("/api/admin/teams", { body: { id, name: "Shop" } });
    expect(response.status).toBe(201);
    expect(await teamOf(response)).toEqual({
      id,
      number: expect.any(Number),
      name: "Shop",
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
      ...DEFAULT_POLICY,
    });

    const given = {
      allowedOrigins: ["https://a.example"],
      idleDays: 7,
      timeZone: "Europe/Berlin",
      limits: { socketsPerSession: null, createsPerMinute: 5 },
    };
    const other = await teamOf(
      await asAdmin("/api/admin/teams", { body: { id: newId(), name: "Other", ...given } }),
    );
    expect(other).toMatchObject({
      ...DEFAULT_POLICY,
      ...given,
      limits: { ...DEFAULT_POLICY.limits, ...given.limits },
    });
  });

  test("is there once", async () => {
    const id = newId();
    const create = (name: string) => asAdmin("/api/admin/teams", { body: { id, name } });
    const responses = await Promise.all([create("One"), create("Two"), create("Three")]);
    expect(responses.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect(await refusal(await create("Four"))).toBe("409 team_exists");
  });

  test("is read, and changed field by field", async () => {
    const id = await newTeam({ idleDays: 7 });
    const path = `/api/admin/teams/${id}`;
    const before = await teamOf(await asAdmin(path));
    const changes = { absoluteDays: 90, limits: { bytesPerSession: null } };
    const after = await teamOf(await asAdmin(path, { method: "PATCH", body: changes }));
    expect(after).toEqual({
      ...before,
      absoluteDays: 90,
      limits: { ...before.limits, bytesPerSession: null },
      updatedAt: after.updatedAt,
    });
    expect(await teamOf(await asAdmin(path))).toEqual(after);
    expect(await teamOf(await asAdmin(path, { method: "PATCH", body: {} }))).toMatchObject({
      absoluteDays: 90,
    });
  });

  test("changed by many at once has all their changes", async () => {
    const id = await newTeam();
    const path = `/api/admin/teams/${id}`;
    const changes = [{ idleDays: 5 }, { absoluteDays: 50 }, { retentionDays: 500 }, { name: "N" }];
    await Promise.all(changes.map((body) => asAdmin(path, { method: "PATCH", body })));
    expect(await teamOf(await asAdmin(path))).toMatchObject(Object.assign({}, ...changes));
  });

  test("that is not there is 404", async () => {
    const path = "/api/admin/teams/no-such-team";
    const answers = [
      await asAdmin(path),
      await asAdmin(path, { method: "PATCH", body: { idleDays: 1 } }),
      await asAdmin(`${path}/keys`, { body: { scopes: ["admin"] } }),
    ];
    for (const response of answers) expect(await refusal(response)).toBe("404 team_not_found");
  });

  test("takes nothing that does not validate, and says what", async () => {
    const body = { id: "Not A Slug", name: "", allowedOrigins: ["*"], limits: { x: 1 }, number: 1 };
    const problem = await problemOf(await asAdmin("/api/admin/teams", { body }));
    expect(problem).toMatchObject({ code: "validation_failed", status: 422 });
    expect(problem.errors?.map(({ path }) => path).sort()).toEqual([
      "/allowedOrigins/0",
      "/id",
      "/limits/x",
      "/name",
      "/number",
    ]);
  });
});

describe("a key", () => {
  test("is shown once and kept as a hash", async () => {
    const teamId = await newTeam();
    const response = await asAdmin(`/api/admin/teams/${teamId}/keys`, {
      body: { scopes: ["sessions:read", "stats:read"] },
    });
    expect(response.status).toBe(201);
    const made = await response.json<TeamKey>();
    expect(Object.keys(made).sort()).toEqual(["key", "keyId"]);
    expect(made.key).toMatch(new RegExp(`^sk_${made.keyId}_[\\w-]{54}$`));
    const row = await env.INDEX_DB.prepare("SELECT * FROM team_keys WHERE id = ?")
      .bind(made.keyId)
      .first();
    expect(row).toMatchObject({ team_id: teamId, scopes: '["sessions:read","stats:read"]' });
    expect(JSON.stringify(row)).not.toContain(made.key.split("_")[2]);
  });

  test("is revoked by its own team's path, as often as one likes", async () => {
    const [teamId, otherId] = [await newTeam(), await newTeam()];
    const key = await newTeamKey(teamId);
    const revoke = (team: string, keyId = key.split("_")[1]) =>
      asAdmin(`/api/admin/teams/${team}/keys/${keyId}`, { method: "DELETE" });
    expect(await refusal(await revoke(otherId))).toBe("404 key_not_found");
    expect((await call(`/api/sessions/stats/${teamId}`, { bearer: key })).status).toBe(200);
    expect((await revoke(teamId)).status).toBe(204);
    expect((await revoke(teamId)).status).toBe(204);
    expect(await refusal(await revoke(teamId, "none"))).toBe("404 key_not_found");
    expect((await call(`/api/sessions/stats/${teamId}`, { bearer: key })).status).toBe(401);
  });
});

test("a new policy reaches sessions that are there already", async () => {
  const teamId = await newTeam();
  const created = await call("/api/sessions/create", { body: { teamId } });
  const { session, token } = await created.json<{
    session: { id: string; createdAt: string };
    token: string;
  }>();
  await asAdmin(`/api/admin/teams/${teamId}`, { method: "PATCH", body: { idleDays: 1 } });
  const validated = await call(`/api/sessions/${session.id}/validate`, { bearer: token });
  const { expiresAt } = (await validated.json<{ session: { expiresAt: string } }>()).session;
  expect(Date.parse(expiresAt) - Date.parse(session.createdAt)).toBe(86_400_000);
});
