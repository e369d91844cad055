// Sessions whose events had stopped deliver again: each has to be woken, so it is done in bounded pieces.

import { settingsOf } from "../domain/policy.ts";
import { log } from "../log.ts";
import { teamsDatabase } from "../session-index/databases.ts";
import { getTeam } from "../session-index/teams.ts";
import { type Resumable, resumableSessions } from "../session-index/webhook-failures.ts";
import { sessionStub } from "./session-access.ts";

/** Wakes some of the sessions that somebody has resumed; returns them. Throws `IndexError`. */
export async function resumeSome(
  env: Env,
  query: Parameters<typeof resumableSessions>[1],
): Promise<readonly Resumable[]> {
  const database = teamsDatabase(env);
  const sessions = await resumableSessions(database, query);
  const teams = new Map<string, Awaited<ReturnType<typeof getTeam>>>();
  for (const teamId of new Set(sessions.map((one) => one.teamId))) {
    teams.set(teamId, await getTeam(database, teamId));
  }
  const answers = await Promise.allSettled(
    sessions.map(async ({ teamId, sessionId }) => {
      const team = teams.get(teamId);
      if (team !== undefined) await sessionStub(env, sessionId).resumeEvents(settingsOf(team));
    }),
  );
  const failures = answers.filter(({ status }) => status === "rejected").length;
  if (failures > 0) log.warn({ event: "events_not_resumed", sessions: failures });
  return sessions;
}
