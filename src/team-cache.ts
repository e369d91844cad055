// What the Worker knows of teams without asking: at most a minute old while the index answers, and as long as it takes
// while it does not. A team key revoked or a policy changed holds everywhere within TEAM_CACHE_TTL_MS.
import { originPatterns, type TeamSettings } from "./domain/policy.ts";
import { teamsDatabase } from "./session-index/databases.ts";
import { findKey, type TeamKeyRecord } from "./session-index/team-keys.ts";
import { getTeam, getTeamByNumber, isOriginKnown } from "./session-index/teams.ts";
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

const byNumber = new StaleIfErrorCache<TeamSettings>(LIMITS);
const byId = new StaleIfErrorCache<TeamSettings>(LIMITS);
const keys = new StaleIfErrorCache<TeamKeyRecord>(LIMITS);
const origins = new StaleIfErrorCache<true>(LIMITS);

/** The team of a session id. Undefined when there is none. Throws `IndexError`. */
export function teamByNumber(env: Env, number: number): Promise<TeamSettings | undefined> {
  return byNumber.get(number, Date.now(), async () =>
    settingsOf(await getTeamByNumber(teamsDatabase(env), number)),
  );
}

/** Throws `IndexError`. */
export function teamById(env: Env, id: string): Promise<TeamSettings | undefined> {
  return byId.get(id, Date.now(), async () => settingsOf(await getTeam(teamsDatabase(env), id)));
}

/** A key that may be revoked. Throws `IndexError`. */
export function teamKey(env: Env, keyId: string): Promise<TeamKeyRecord | undefined> {
  return keys.get(keyId, Date.now(), () => findKey(teamsDatabase(env), keyId));
}

/** Whether any team allows `origin`. Throws `IndexError`. */
export async function isKnownOrigin(env: Env, origin: string): Promise<boolean> {
  if (origin.length > MAX_ORIGIN_LENGTH) return false;
  const known = await origins.get(origin, Date.now(), async () =>
    (await isOriginKnown(teamsDatabase(env), originPatterns(origin))) ? true : undefined,
  );
  return known === true;
}

/** What this isolate knew of a team or key it has just changed is out of date; others learn within the cache's time. */
export function forgetTeam(id: string, number: number): void {
  byId.forget(id);
  byNumber.forget(number);
  origins.clear();
}

export function forgetKey(keyId: string): void {
  keys.forget(keyId);
}

/** What sessions go by: the rest of a team's record is nobody's but the administrator's. */
function settingsOf(team: TeamSettings | undefined): TeamSettings | undefined {
  if (team === undefined) return undefined;
  const { id, number, revision, policy } = team;
  return { id, number, revision, policy };
}
