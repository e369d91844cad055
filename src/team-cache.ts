// What the Worker knows of teams without asking: at most a minute old while the index answers, and as long as it takes
// while it does not. A key or token revoked or a policy changed holds everywhere within TEAM_CACHE_TTL_MS.
import { identitySecret } from "./credentials/identity-secret.ts";
import { originPatterns, settingsOf, type TeamSettings } from "./domain/policy.ts";
import { signingKeys } from "./keys.ts";
import type { EcPublicJwk } from "./protocol/team.ts";
import { teamsDatabase } from "./session-index/databases.ts";
import { findIdentityKey, type IdentityKeyRecord } from "./session-index/identity-keys.ts";
import { findOperatorToken, type OperatorTokenRecord } from "./session-index/operator-tokens.ts";
import { findTeamKey, type TeamKeyRecord } from "./session-index/team-keys.ts";
import { getTeam, getTeamByNumber, hasTeamWithOrigin } from "./session-index/teams.ts";
import { type CacheLimits, StaleIfErrorCache } from "./stale-if-error-cache.ts";

/** No team can list a longer one. */
const MAX_ORIGIN_LENGTH = 256;

export const TEAM_CACHE_TTL_MS = 60_000;

const LIMITS: CacheLimits = {
  ttlMs: TEAM_CACHE_TTL_MS,
  retryMs: 2_000,
  patienceMs: 1_000,
  firstPatienceMs: 2_000,
  maxEntries: 2_000,
};

/** A team, and when the index said so: objects go by it for a minute from then. */
export interface KnownTeam extends TeamSettings {
  /** Epoch milliseconds. */
  readonly confirmedAt: number;
}

const byNumber = new StaleIfErrorCache<KnownTeam>(LIMITS);
const byId = new StaleIfErrorCache<KnownTeam>(LIMITS);
const teamKeys = new StaleIfErrorCache<TeamKeyRecord>(LIMITS);
const operatorTokens = new StaleIfErrorCache<KnownOperatorToken>(LIMITS);
const identityKeys = new StaleIfErrorCache<IdentityKeyRecord>(LIMITS);
const origins = new StaleIfErrorCache<true>(LIMITS);

/** The team of a session id. Undefined when there is none. Throws `IndexError`. */
export function teamByNumber(env: Env, number: number): Promise<KnownTeam | undefined> {
  const now = Date.now();
  return byNumber.get(number, now, async () =>
    knownTeam(await getTeamByNumber(teamsDatabase(env), number), now),
  );
}

/** Throws `IndexError`. */
export function teamById(env: Env, id: string): Promise<KnownTeam | undefined> {
  const now = Date.now();
  return byId.get(id, now, async () => knownTeam(await getTeam(teamsDatabase(env), id), now));
}

/** A key that may be revoked. Throws `IndexError`. */
export function teamKey(env: Env, keyId: string): Promise<TeamKeyRecord | undefined> {
  return teamKeys.get(keyId, Date.now(), () => findTeamKey(teamsDatabase(env), keyId));
}

/** An operator's token, and when the index said so. */
export interface KnownOperatorToken extends OperatorTokenRecord {
  /** Epoch milliseconds. */
  readonly confirmedAt: number;
}

/** One that may have expired or been revoked. Throws `IndexError`. */
export function operatorToken(env: Env, tokenId: string): Promise<KnownOperatorToken | undefined> {
  const now = Date.now();
  return operatorTokens.get(tokenId, now, async () => {
    const record = await findOperatorToken(teamsDatabase(env), tokenId);
    return record && { ...record, confirmedAt: now };
  });
}

/** What identity tokens are verified with; a key that was revoked verifies none. */
export type IdentityVerifier = { readonly revokedAt: number | null } & (
  | { readonly algorithm: "HS256"; readonly secret: Uint8Array<ArrayBuffer> }
  | { readonly algorithm: "ES256"; readonly publicKey: EcPublicJwk }
);

/**
 * A team's identity key that may be revoked; undefined too for a shared secret that was derived from a signing key which
 * this deployment no longer holds. Throws `IndexError`.
 */
export async function identityKey(
  env: Env,
  teamId: string,
  kid: string,
): Promise<IdentityVerifier | undefined> {
  const found = await identityKeys.get(identityKeyName(teamId, kid), Date.now(), () =>
    findIdentityKey(teamsDatabase(env), teamId, kid),
  );
  if (found === undefined || found.algorithm === "ES256") return found;
  const secret = await identitySecret(await signingKeys(env), found);
  return secret && { algorithm: "HS256", secret, revokedAt: found.revokedAt };
}

/** No team's id has a slash. */
function identityKeyName(teamId: string, kid: string): string {
  return `${teamId}/${kid}`;
}

/** Whether any team allows `origin`. Throws `IndexError`. */
export async function isKnownOrigin(env: Env, origin: string): Promise<boolean> {
  if (origin.length > MAX_ORIGIN_LENGTH) return false;
  const known = await origins.get(origin, Date.now(), async () =>
    (await hasTeamWithOrigin(teamsDatabase(env), originPatterns(origin))) ? true : undefined,
  );
  return known === true;
}

/** What this isolate knew of a team or key it has just changed is out of date; others learn within the cache's time. */
export function forgetTeam(id: string, number: number): void {
  byId.forget(id);
  byNumber.forget(number);
  origins.clear();
}

export function forgetTeamKey(keyId: string): void {
  teamKeys.forget(keyId);
}

export function forgetOperatorToken(tokenId: string): void {
  operatorTokens.forget(tokenId);
}

export function forgetIdentityKey(teamId: string, kid: string): void {
  identityKeys.forget(identityKeyName(teamId, kid));
}

/** What sessions go by: the rest of a team's record is nobody's but the administrator's. */
function knownTeam(team: TeamSettings | undefined, confirmedAt: number): KnownTeam | undefined {
  return team && { ...settingsOf(team), confirmedAt };
}
