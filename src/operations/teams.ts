// Teams and their keys: the administrator's operations.
import type { Caller } from "../caller.ts";
import { mintTeamKey } from "../credentials.ts";
import type { Failure, Result } from "../protocol/errors.ts";
import type { KeyScope, Team, TeamKey } from "../protocol/rest.ts";
import type { Services } from "../services.ts";
import { teamsDatabase } from "../session-index/databases.ts";
import { createKey, revokeKey } from "../session-index/team-keys.ts";
import * as index from "../session-index/teams.ts";
import { forgetKey, forgetTeam } from "../team-cache.ts";

export async function createTeam(
  { env }: Services,
  caller: Caller,
  team: index.NewTeam,
): Promise<Result<{ readonly team: Team }>> {
  const refusal = mustBeAdmin(caller);
  if (refusal) return refusal;
  return shown(await index.createTeam(teamsDatabase(env), team, Date.now()));
}

export async function getTeam(
  { env }: Services,
  caller: Caller,
  teamId: string,
): Promise<Result<{ readonly team: Team }>> {
  const refusal = mustBeAdmin(caller);
  if (refusal) return refusal;
  const team = await index.getTeam(teamsDatabase(env), teamId);
  return team === undefined ? NO_TEAM : { ok: true, team: index.viewTeam(team) };
}

export async function updateTeam(
  { env }: Services,
  caller: Caller,
  teamId: string,
  changes: index.TeamChanges,
): Promise<Result<{ readonly team: Team }>> {
  const refusal = mustBeAdmin(caller);
  if (refusal) return refusal;
  return shown(await index.updateTeam(teamsDatabase(env), teamId, changes, Date.now()));
}

/** A new key; its secret is in this answer and nowhere else. */
export async function createTeamKey(
  { env, keys }: Services,
  caller: Caller,
  teamId: string,
  scopes: readonly KeyScope[],
): Promise<Result<TeamKey>> {
  const refusal = mustBeAdmin(caller);
  if (refusal) return refusal;
  const team = await index.getTeam(teamsDatabase(env), teamId);
  if (team === undefined) return NO_TEAM;
  const { keyId, key, secretHash } = await mintTeamKey(keys);
  await createKey(teamsDatabase(env), { id: keyId, teamId, secretHash, scopes }, Date.now());
  return { ok: true, keyId, key };
}

export async function revokeTeamKey(
  { env }: Services,
  caller: Caller,
  teamId: string,
  keyId: string,
): Promise<Result<object>> {
  const refusal = mustBeAdmin(caller);
  if (refusal) return refusal;
  const isKnown = await revokeKey(teamsDatabase(env), { teamId, keyId }, Date.now());
  forgetKey(keyId);
  return isKnown ? { ok: true } : { ok: false, code: "key_not_found" };
}

const NO_TEAM: Failure = { ok: false, code: "team_not_found" };

function mustBeAdmin(caller: Caller): Failure | undefined {
  return caller.kind === "admin" ? undefined : { ok: false, code: "unauthenticated" };
}

function shown(
  result: Result<{ readonly team: index.TeamRecord }>,
): Result<{ readonly team: Team }> {
  if (!result.ok) return result;
  forgetTeam(result.team.id, result.team.number);
  return { ok: true, team: index.viewTeam(result.team) };
}
