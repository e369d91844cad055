import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_POLICY, originPatterns } from "../../src/domain/policy.ts";
import { teamsDatabase } from "../../src/session-index/databases.ts";
import type { IndexError } from "../../src/session-index/errors.ts";
import { createTeamKey, findTeamKey, revokeTeamKey } from "../../src/session-index/team-keys.ts";
import type { TeamRecord } from "../../src/session-index/teams.ts";
import {
  createTeam,
  getTeam,
  getTeamByNumber,
  hasTeamWithOrigin,
  updateTeam,
  viewTeam,
} from "../../src/session-index/teams.ts";
import { NOW } from "./records.ts";

const database = teamsDatabase(env);

async function newTeam(id: string, allowedOrigins: readonly string[] = []): Promise<TeamRecord> {
  const made = await createTeam(database, { id, name: id, policy: { allowedOrigins } }, NOW);
  if (!made.ok) throw new Error(made.code);
  return made.team;
}

describe("a team", () => {
  test("has the default policy but for what is given, and is found by id and by number", async () => {
    const policy = { idleDays: 7, limits: { createsPerMinute: null }, timeZone: undefined };
    const made = await createTeam(database, { id: "made", name: "Made", policy }, NOW);
    const team = made.ok && made.team;
    expect(team).toEqual({
      id: "made",
      number: expect.any(Number),
      name: "Made",
      revision: 1,
      policy: {
        ...DEFAULT_POLICY,
        idleDays: 7,
        limits: { ...DEFAULT_POLICY.limits, createsPerMinute: null },
      },
      webhook: null,
      createdAt: NOW,
      updatedAt: NOW,
    });
    expect(await getTeam(database, "made")).toEqual(team);
    expect(team && (await getTeamByNumber(database, team.number))).toEqual(team);
  });

  test("is shown with its policy's fields beside its own", async () => {
    const team = await newTeam("shown", ["https://shop.example"]);
    expect(viewTeam(team)).toEqual({
      ...DEFAULT_POLICY,
      id: "shown",
      number: team.number,
      name: "shown",
      allowedOrigins: ["https://shop.example"],
      createdAt: "2026-01-15T00:00:00.000Z",
      updatedAt: "2026-01-15T00:00:00.000Z",
    });
  });

  test("whose id is taken is not made, and the first one stays", async () => {
    const first = await newTeam("taken");
    const second = { id: "taken", name: "Second", policy: {} };
    expect(await createTeam(database, second, NOW)).toEqual({ ok: false, code: "team_exists" });
    expect(await getTeam(database, "taken")).toEqual(first);
  });

  test("that is not there is undefined", async () => {
    expect(await getTeam(database, "nobody")).toBeUndefined();
    expect(await getTeamByNumber(database, 4_000_000)).toBeUndefined();
  });

  test("stored before a field of the policy existed has that field's default", async () => {
    await newTeam("old");
    await env.INDEX_DB.exec(
      `UPDATE teams SET policy = '{"idleDays":3,"limits":{"bytesPerSession":null}}' WHERE id = 'old'`,
    );
    expect((await getTeam(database, "old"))?.policy).toEqual({
      ...DEFAULT_POLICY,
      idleDays: 3,
      limits: { ...DEFAULT_POLICY.limits, bytesPerSession: null },
    });
  });
});

describe("changing a team", () => {
  test("changes what is named and raises the revision", async () => {
    const before = await newTeam("changing", ["https://shop.example"]);
    const policy = { disabled: true, limits: { socketsPerSession: 5 } };
    const changed = await updateTeam(database, "changing", { name: undefined, policy }, NOW + 1);
    const after = {
      ...before,
      revision: 2,
      updatedAt: NOW + 1,
      policy: {
        ...before.policy,
        disabled: true,
        limits: { ...before.policy.limits, socketsPerSession: 5 },
      },
    };
    expect(changed).toEqual({ ok: true, team: after });
    expect(await getTeam(database, "changing")).toEqual(after);
  });

  test("renames it and leaves the policy", async () => {
    const before = await newTeam("renamed");
    const changed = await updateTeam(database, "renamed", { name: "New", policy: {} }, NOW + 1);
    expect(changed).toMatchObject({ ok: true, team: { name: "New", policy: before.policy } });
  });

  test("that is not there fails", async () => {
    const changes = { name: "x", policy: {} };
    const refused = { ok: false, code: "team_not_found" };
    expect(await updateTeam(database, "nobody", changes, NOW)).toEqual(refused);
  });

  test("two at once both count", async () => {
    await newTeam("contended");
    const change = (policy: Parameters<typeof updateTeam>[2]["policy"]) =>
      updateTeam(database, "contended", { name: undefined, policy }, NOW);
    await Promise.all([
      change({ idleDays: 1 }),
      change({ retentionDays: 2 }),
      change({ limits: { createsPerMinute: 3 } }),
      change({ limits: { socketsPerSession: 4 } }),
    ]);
    expect(await getTeam(database, "contended")).toMatchObject({
      revision: 5,
      policy: {
        idleDays: 1,
        retentionDays: 2,
        limits: { createsPerMinute: 3, socketsPerSession: 4 },
      },
    });
  });
});

describe("origins", () => {
  test("are known while a team allows them", async () => {
    await newTeam("shop", [
      "https://market.example",
      "https://market.example",
      "https://both.example",
    ]);
    await newTeam("rival", ["https://both.example"]);
    const known = (origin: string) => hasTeamWithOrigin(database, originPatterns(origin));
    expect(await known("https://market.example")).toBe(true);
    expect(await known("https://market.example.evil.example")).toBe(false);
    const closed = { name: undefined, policy: { allowedOrigins: ["https://new.example"] } };
    await updateTeam(database, "shop", closed, NOW);
    expect(await known("https://market.example")).toBe(false);
    expect(await known("https://new.example")).toBe(true);
    expect(await known("https://both.example")).toBe(true);
  });

  test("match by any of their patterns", async () => {
    expect(await hasTeamWithOrigin(database, [])).toBe(false);
    expect(await hasTeamWithOrigin(database, originPatterns("http://localhost:8787"))).toBe(false);
    await newTeam("local", ["http://localhost:*"]);
    expect(await hasTeamWithOrigin(database, originPatterns("http://localhost:8787"))).toBe(true);
    expect(await hasTeamWithOrigin(database, originPatterns("http://127.0.0.1:8787"))).toBe(false);
  });

  test("are those of the policy after any changes of it", async () => {
    const lists = fc.array(fc.subarray(["https://a.example", "https://b.example", "null"]));
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(lists, async (changes) => {
        const id = `origins-${++runs}`;
        await newTeam(id, ["https://a.example"]);
        for (const allowedOrigins of changes) {
          await updateTeam(database, id, { name: undefined, policy: { allowedOrigins } }, NOW);
        }
        const { results } = await env.INDEX_DB.prepare(
          "SELECT origin FROM team_origins WHERE team_id = ? ORDER BY origin",
        )
          .bind(id)
          .all<{ origin: string }>();
        const allowed = changes.at(-1) ?? ["https://a.example"];
        expect(results.map(({ origin }) => origin)).toEqual(allowed.toSorted());
      }),
      { numRuns: 25 },
    );
  });
});

describe("keys", () => {
  test("are found by id, until revoked and after", async () => {
    const teamId = (await newTeam("keyed")).id;
    const key = { id: "key-1", teamId, secretHash: "hash", scopes: ["stats:read"] as const };
    await createTeamKey(database, key, NOW);
    expect(await findTeamKey(database, "key-1")).toEqual({
      ...key,
      createdAt: NOW,
      revokedAt: null,
    });
    expect(await revokeTeamKey(database, { teamId, keyId: "key-1" }, NOW + 1)).toBe(true);
    expect(await revokeTeamKey(database, { teamId, keyId: "key-1" }, NOW + 2)).toBe(true);
    expect(await findTeamKey(database, "key-1")).toMatchObject({ revokedAt: NOW + 1 });
  });

  test("of another team cannot be revoked, nor ones that are not there", async () => {
    await newTeam("keeper");
    await newTeam("stranger");
    await createTeamKey(
      database,
      { id: "kept", teamId: "keeper", secretHash: "hash", scopes: [] },
      NOW,
    );
    expect(await revokeTeamKey(database, { teamId: "stranger", keyId: "kept" }, NOW)).toBe(false);
    expect(await revokeTeamKey(database, { teamId: "keeper", keyId: "none" }, NOW)).toBe(false);
    expect(await findTeamKey(database, "kept")).toMatchObject({ revokedAt: null });
    expect(await findTeamKey(database, "none")).toBeUndefined();
  });

  test("need a team; the error says so and nothing of the key", async () => {
    const key = { id: "lost", teamId: "nobody", secretHash: "digest-in-no-log", scopes: [] };
    const error = await createTeamKey(database, key, NOW).catch((thrown: IndexError) => thrown);
    expect(error).toMatchObject({ name: "IndexError", retryable: false });
    expect(String(error)).toContain("FOREIGN KEY");
    expect(`${error} ${JSON.stringify(error)}`).not.toContain("in-no-log");
  });
});
