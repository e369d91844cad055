/** Keys under which teams sign who their visitors are: shown once, derived or public, revoked everywhere in a minute. */
import { env } from "cloudflare:workers";
import { SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fromBase64Url, toBase64Url } from "../../src/domain/base64url.ts";
import { cleanUp } from "../../src/operations/cleanup/clean-up.ts";
import type { CreatedIdentityKey, EcPublicJwk, IdentityKeyList } from "../../src/protocol/team.ts";
import { teamsDatabase } from "../../src/session-index/databases.ts";
import { claimIdentityToken } from "../../src/session-index/identity-tokens.ts";
import { identityKey } from "../../src/team-cache.ts";
import { call, newTeam } from "../support/api.ts";
import { HOUR_MS, MINUTE_MS, moveClock } from "../support/clock.ts";
import { breakIndex, indexCost } from "../support/index-database.ts";
import { refusal } from "../support/problem.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";

let teamId: string;
let heal = () => {};

beforeEach(async () => {
  teamId = await newTeam();
});
afterEach(() => {
  heal();
  heal = () => {};
  vi.useRealTimers();
});

const asAdmin = (path = "", sent: { method?: string; body?: object } = {}) =>
  call(`/api/admin/teams/${teamId}/identity-keys${path}`, { bearer: TEST_ADMIN_TOKEN, ...sent });

async function create(body: object): Promise<CreatedIdentityKey> {
  const response = await asAdmin("", { body });
  expect(response.status, await response.clone().text()).toBe(201);
  return await response.json<CreatedIdentityKey>();
}

async function newPublicKey(): Promise<EcPublicJwk> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const pair = (await crypto.subtle.generateKey(algorithm, true, [
    "sign",
    "verify",
  ])) as CryptoKeyPair;
  const { x = "", y = "" } = (await crypto.subtle.exportKey("jwk", pair.publicKey)) as JsonWebKey;
  return { kty: "EC", crv: "P-256", x, y };
}

describe("a shared secret", () => {
  test("is shown once, is stored nowhere, and is the one to verify with", async () => {
    const { kid, secret = "" } = await create({ algorithm: "HS256" });
    expect(fromBase64Url(secret)).toHaveLength(32);
    const { results } = await env.INDEX_DB.prepare("SELECT * FROM identity_keys WHERE team_id = ?")
      .bind(teamId)
      .all();
    expect(results).toMatchObject([{ kid, algorithm: "HS256", public_key: null, key_version: 1 }]);
    expect(JSON.stringify(results)).not.toContain(secret);
    const verifier = await identityKey(env, teamId, kid);
    expect(verifier).toEqual({
      algorithm: "HS256",
      secret: fromBase64Url(secret),
      revokedAt: null,
    });
  });

  test("is another for every key and team, and gone with the signing key that it came from", async () => {
    const [one, two] = [await create({ algorithm: "HS256" }), await create({ algorithm: "HS256" })];
    expect(one.secret).not.toBe(two.secret);
    const SIGNING_KEYS = `2:${toBase64Url(new Uint8Array(32))}`;
    const rotated = { ...env, SIGNING_KEYS: `${SIGNING_KEYS},${env.SIGNING_KEYS}` } as Env;
    expect(await identityKey(rotated, teamId, one.kid)).toMatchObject({
      secret: fromBase64Url(one.secret ?? ""),
    });
    expect(await identityKey({ ...env, SIGNING_KEYS } as Env, teamId, one.kid)).toBeUndefined();
  });
});

describe("a public key", () => {
  test("comes back as it was given, and no secret with it", async () => {
    const publicKey = await newPublicKey();
    const created = await create({ algorithm: "ES256", publicKey });
    expect(Object.keys(created)).toEqual(["kid"]);
    expect(await identityKey(env, teamId, created.kid)).toMatchObject({
      algorithm: "ES256",
      publicKey,
      revokedAt: null,
    });
  });

  test("has to be one: on the curve, of P-256, public, and for ES256", async () => {
    const publicKey = await newPublicKey();
    const offCurve = { ...publicKey, x: publicKey.y };
    for (const body of [
      { algorithm: "ES256", publicKey: offCurve },
      { algorithm: "ES256", publicKey: { ...publicKey, d: publicKey.x } },
      { algorithm: "ES256", publicKey: { ...publicKey, crv: "P-384" } },
      { algorithm: "ES256", publicKey: { ...publicKey, x: "AA" } },
      { algorithm: "ES256" },
      { algorithm: "HS256", publicKey },
      { algorithm: "none" },
      { algorithm: "RS256", publicKey },
    ]) {
      expect(await refusal(await asAdmin("", { body }))).toBe("422 validation_failed");
    }
    expect((await (await asAdmin()).json<IdentityKeyList>()).keys).toEqual([]);
  });
});

test("a team has at most ten that are good, however many are asked for at once", async () => {
  const answers = await Promise.all(
    Array.from({ length: 14 }, () => asAdmin("", { body: { algorithm: "HS256" } })),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(4);
  const one = await answers.find(({ status }) => status === 201)?.json<CreatedIdentityKey>();
  expect((await asAdmin(`/${one?.kid}`, { method: "DELETE" })).status).toBe(204);
  await create({ algorithm: "HS256" });
  expect(await refusal(await asAdmin("", { body: { algorithm: "HS256" } }))).toBe(
    "409 too_many_keys",
  );
  const told = await env.INDEX_DB.prepare(
    "SELECT type, count(*) AS n FROM audit_events WHERE team_id = ? AND type LIKE 'identity%' GROUP BY type",
  )
    .bind(teamId)
    .all();
  expect(told.results).toEqual([
    { type: "identity_key.created", n: 11 },
    { type: "identity_key.revoked", n: 1 },
  ]);
});

test("the list tells which there are and were, and no secret", async () => {
  const { kid, secret = "" } = await create({ algorithm: "HS256" });
  await create({ algorithm: "ES256", publicKey: await newPublicKey() });
  for (let again = 0; again < 2; again++) {
    expect((await asAdmin(`/${kid}`, { method: "DELETE" })).status).toBe(204);
  }
  const text = await (await asAdmin()).text();
  expect(text).not.toContain(secret);
  const { keys } = JSON.parse(text) as IdentityKeyList;
  expect(keys.map((key) => [key.algorithm, key.revokedAt !== undefined]).sort()).toEqual([
    ["ES256", false],
    ["HS256", true],
  ]);
  expect(await refusal(await asAdmin("/0123456789abcdef", { method: "DELETE" }))).toBe(
    "404 key_not_found",
  );
  const otherId = await newTeam();
  const foreign = await call(`/api/admin/teams/${otherId}/identity-keys/${kid}`, {
    method: "DELETE",
    bearer: TEST_ADMIN_TOKEN,
  });
  expect(await refusal(foreign)).toBe("404 key_not_found");
});

test("a key is known for a minute without asking, longer while the index is down, and revoked here at once", async () => {
  moveClock(0);
  const { kid } = await create({ algorithm: "HS256" });
  const revokedAt = async () => (await identityKey(env, teamId, kid))?.revokedAt;
  expect(await revokedAt()).toBeNull();
  const again = await indexCost(async () => expect(await revokedAt()).toBeNull());
  expect(again.rowsRead).toBe(0);
  await env.INDEX_DB.prepare("UPDATE identity_keys SET revoked_at = 5 WHERE kid = ?")
    .bind(kid)
    .run();
  moveClock(MINUTE_MS - 1);
  expect(await revokedAt()).toBeNull();
  heal = breakIndex();
  moveClock(HOUR_MS);
  expect(await revokedAt()).toBeNull();
  heal();
  moveClock(MINUTE_MS);
  expect(await revokedAt()).toBe(5);

  const other = await create({ algorithm: "HS256" });
  expect((await identityKey(env, teamId, other.kid))?.revokedAt).toBeNull();
  await asAdmin(`/${other.kid}`, { method: "DELETE" });
  expect((await identityKey(env, teamId, other.kid))?.revokedAt).not.toBeNull();
});

describe("a token's one use", () => {
  const claim = (jti: string, expiresAt: number, now: number, id = teamId) =>
    claimIdentityToken(teamsDatabase(env), { teamId: id, jti, expiresAt }, now);

  test("is taken by one of all who ask at once, in each team", async () => {
    const now = Date.now();
    const asked = await Promise.all(
      Array.from({ length: 20 }, () => claim("once", now + MINUTE_MS, now)),
    );
    expect(asked.filter(Boolean)).toHaveLength(1);
    expect(await claim("once", now + 2 * MINUTE_MS, now)).toBe(false);
    expect(await claim("twice", now + MINUTE_MS, now)).toBe(true);
    expect(await claim("once", now + MINUTE_MS, now, await newTeam())).toBe(true);
    const { results } = await env.INDEX_DB.prepare("SELECT * FROM used_identity_tokens").all();
    expect(JSON.stringify(results)).not.toContain("once");
  });

  test("is forgotten long after it could be used again, in bounded steps", async () => {
    const now = Date.now();
    for (const jti of ["old-1", "old-2", "new"]) {
      await claim(jti, jti === "new" ? now + HOUR_MS : now, now);
    }
    const count = async () =>
      (
        await env.INDEX_DB.prepare(
          "SELECT count(*) AS n FROM used_identity_tokens WHERE team_id = ?",
        )
          .bind(teamId)
          .first<{ n: number }>()
      )?.n;
    await cleanUp(env, undefined, now + MINUTE_MS);
    expect(await count()).toBe(3);
    await cleanUp(env, undefined, now + HOUR_MS);
    expect(await count()).toBe(1);
    expect(await claim("old-1", now, now + HOUR_MS)).toBe(false);
  });
});

test("what is shown signs what is verified", async () => {
  const { kid, secret = "" } = await create({ algorithm: "HS256" });
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: "HS256", kid })
    .sign(fromBase64Url(secret) ?? new Uint8Array());
  const verifier = await identityKey(env, teamId, kid);
  if (verifier?.algorithm !== "HS256") throw new Error("no such key");
  const key = await crypto.subtle.importKey(
    "raw",
    verifier.secret,
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["verify"],
  );
  const [head, payload, signature = ""] = token.split(".");
  const data = new TextEncoder().encode(`${head}.${payload}`);
  const bytes = fromBase64Url(signature) ?? new Uint8Array();
  expect(await crypto.subtle.verify("HMAC", key, bytes, data)).toBe(true);
});
