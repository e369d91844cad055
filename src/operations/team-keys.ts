// Keys of teams' backends: the administrator's operations. To replace a key, make the new one, move the backend to it, and
// revoke the old one: both are good meanwhile.
import type { Caller } from "../caller.ts";
import { mintTeamKey } from "../credentials/team-key.ts";
import type { Result } from "../protocol/errors.ts";
import type { KeyScope, TeamKey, TeamKeyList } from "../protocol/team.ts";
import type { Services } from "../services.ts";
import { teamsDatabase } from "../session-index/databases.ts";
import * as index from "../session-index/team-keys.ts";
import { getTeam } from "../session-index/teams.ts";
import { forgetTeamKey } from "../team-cache.ts";
import { adminRefusal, NO_TEAM } from "./teams.ts";

/** A new key; its secret is in this answer and nowhere else. */
export async function createTeamKey(
  { env, keys }: Services,
  caller: Caller,
  teamId: string,
  scopes: readonly KeyScope[],
): Promise<Result<TeamKey>> {
  const refusal = adminRefusal(caller);
  if (refusal) return refusal;
  const team = await getTeam(teamsDatabase(env), teamId);
  if (team === undefined) return NO_TEAM;
  const { keyId, key, secretHash } = await mintTeamKey(keys);
  await index.createTeamKey(
    teamsDatabase(env),
    { id: keyId, teamId, secretHash, scopes },
    Date.now(),
  );
  return { ok: true, keyId, key };
}

export async function revokeTeamKey(
  { env }: Services,
  caller: Caller,
  teamId: string,
  keyId: string,
): Promise<Result<object>> {
  const refusal = adminRefusal(caller);
  if (refusal) return refusal;
  const isKnown = await index.revokeTeamKey(teamsDatabase(env), { teamId, keyId }, Date.now());
  forgetTeamKey(keyId);
  return isKnown ? { ok: true } : { ok: false, code: "key_not_found" };
}

export async function listTeamKeys(
  { env }: Services,
  caller: Caller,
  teamId: string,
): Promise<Result<TeamKeyList>> {
  const refusal = adminRefusal(caller);
  if (refusal) return refusal;
  const database = teamsDatabase(env);
  if ((await getTeam(database, teamId)) === undefined) return NO_TEAM;
  return { ok: true, keys: await index.listTeamKeys(database, teamId) };
}
