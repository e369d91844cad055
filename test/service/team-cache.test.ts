/** What an isolate knows of teams is at most a minute old while the index answers; docs/security.md lists these bounds. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { signingKeys } from "../../src/keys.ts";
import * as identityKeys from "../../src/operations/identity-keys.ts";
import * as operators from "../../src/operations/operators.ts";
import {
  identityKey,
  isKnownOrigin,
  operatorToken,
  TEAM_CACHE_TTL_MS,
  teamById,
  teamByNumber,
  teamKey,
} from "../../src/team-cache.ts";
import { newTeam, newTeamKey } from "../support/api.ts";
import { moveClock } from "../support/clock.ts";
import { breakIndex, indexCost } from "../support/index-database.ts";

interface Cached {
  readonly title: string;
  /** Makes what is looked up, and how. */
  prepare(teamId: string): Promise<{
    readonly look: () => Promise<unknown>;
    /** As it is changed in another part of the world. */
    readonly change: readonly [statement: string, ...values: readonly unknown[]];
    readonly before: unknown;
    readonly after: unknown;
  }>;
}

const disable = (teamId: string) =>
  [
    "UPDATE teams SET policy = json_set(policy, '$.disabled', json('true')) WHERE id = ?",
    teamId,
  ] as const;

const services = async () => ({ env, keys: await signingKeys(env) });

const CACHED: readonly Cached[] = [
  {
    title: "a team by the number in a session's id",
    async prepare(teamId) {
      const team = await teamById(env, teamId);
      const look = async () => (await teamByNumber(env, team?.number ?? 0))?.policy.disabled;
      return { look, change: disable(teamId), before: false, after: true };
    },
  },
  {
    title: "a team by its name",
    async prepare(teamId) {
      const look = async () => (await teamById(env, teamId))?.policy.disabled;
      return { look, change: disable(teamId), before: false, after: true };
    },
  },
  {
    title: "a team key",
    async prepare(teamId) {
      const keyId = (await newTeamKey(teamId)).split("_")[1] ?? "";
      const look = async () => (await teamKey(env, keyId))?.revokedAt;
      const change = ["UPDATE team_keys SET revoked_at = 1 WHERE id = ?", keyId] as const;
      return { look, change, before: null, after: 1 };
    },
  },
  {
    title: "an operator's token",
    async prepare(teamId) {
      const team = await teamById(env, teamId);
      const made = await operators.createOperatorToken(
        await services(),
        {
          kind: "team",
          teamId,
          teamNumber: team?.number ?? 0,
          scopes: ["operators"],
          keyId: undefined,
        },
        teamId,
        { operatorId: "anna", name: "Anna" },
        "",
      );
      if (!made.ok) throw new Error(made.code);
      const tokenId = made.operatorToken.split("_")[1] ?? "";
      const look = async () => (await operatorToken(env, tokenId))?.revokedAt;
      const change = ["UPDATE operator_tokens SET revoked_at = 1 WHERE id = ?", tokenId] as const;
      return { look, change, before: null, after: 1 };
    },
  },
  {
    title: "an identity key",
    async prepare(teamId) {
      const made = await identityKeys.createIdentityKey(
        await services(),
        { kind: "admin" },
        teamId,
        { algorithm: "HS256" },
      );
      if (!made.ok) throw new Error(made.code);
      const look = async () => (await identityKey(env, teamId, made.kid))?.revokedAt;
      const change = ["UPDATE identity_keys SET revoked_at = 1 WHERE kid = ?", made.kid] as const;
      return { look, change, before: null, after: 1 };
    },
  },
  {
    title: "an origin that some team allows",
    async prepare(teamId) {
      const origin = `https://${teamId}.example`;
      await env.INDEX_DB.prepare("INSERT INTO team_origins VALUES (?, ?)")
        .bind(origin, teamId)
        .run();
      const look = () => isKnownOrigin(env, origin);
      const change = ["DELETE FROM team_origins WHERE origin = ?", origin] as const;
      return { look, change, before: true, after: false };
    },
  },
];

let heal = () => {};

beforeEach(() => {
  moveClock(0);
});
afterEach(() => {
  heal();
  heal = () => {};
  vi.useRealTimers();
});

test("the bound is a minute", () => {
  expect(TEAM_CACHE_TTL_MS).toBe(60_000);
});

test.each(CACHED)("$title is known for a minute and no longer", async ({ prepare }) => {
  const { look, change, before, after } = await prepare(await newTeam());
  expect(await look()).toBe(before);
  const [statement, ...values] = change;
  await env.INDEX_DB.prepare(statement)
    .bind(...values)
    .run();
  moveClock(TEAM_CACHE_TTL_MS - 1);
  const { rowsRead } = await indexCost(async () => expect(await look()).toBe(before));
  expect(rowsRead).toBe(0);
  moveClock(1);
  expect(await look()).toBe(after);
});

test.each(CACHED)("$title is known on while the index is down", async ({ prepare }) => {
  const { look, change, before, after } = await prepare(await newTeam());
  expect(await look()).toBe(before);
  const [statement, ...values] = change;
  await env.INDEX_DB.prepare(statement)
    .bind(...values)
    .run();
  heal = breakIndex();
  moveClock(10 * TEAM_CACHE_TTL_MS);
  expect(await look()).toBe(before);
  heal();
  moveClock(TEAM_CACHE_TTL_MS);
  expect(await look()).toBe(after);
});
