// Teams: the administrator's operations.
import type { Caller } from "../caller.ts";
import type { Failure, Result } from "../protocol/errors.ts";
import type { Team } from "../protocol/team.ts";
import type { Services } from "../services.ts";
import { teamsDatabase } from "../session-index/databases.ts";
import * as index from "../session-index/teams.ts";
import { forgetTeam } from "../team-cache.ts";
import { tellSessions } from "./team-changes.ts";

export async function createTeam(
  { env }: Services,
  caller: Caller,
  team: index.NewTeam,
): Promise<Result<{ readonly team: Team }>> {
  const refusal = adminRefusal(caller);
  if (refusal) return refusal;
  return shown(await index.createTeam(teamsDatabase(env), team, Date.now()));
}

export async function getTeam(
  { env }: Services,
  caller: Caller,
  teamId: string,
): Promise<Result<{ readonly team: Team }>> {
  const refusal = adminRefusal(caller);
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
  const refusal = adminRefusal(caller);
  if (refusal) return refusal;
  const updated = await index.updateTeam(teamsDatabase(env), teamId, changes, Date.now());
  const isPolicyChanged = Object.values(changes.policy).some((value) => value !== undefined);
  if (updated.ok && isPolicyChanged) tellSessions(env, updated.team);
  return shown(updated);
}

export const NO_TEAM: Failure = { ok: false, code: "team_not_found" };

export function adminRefusal(caller: Caller): Failure | undefined {
  return caller.kind === "admin" ? undefined : { ok: false, code: "unauthenticated" };
}

function shown(
  result: Result<{ readonly team: index.TeamRecord }>,
): Result<{ readonly team: Team }> {
  if (!result.ok) return result;
  forgetTeam(result.team.id, result.team.number);
  return { ok: true, team: index.viewTeam(result.team) };
}
