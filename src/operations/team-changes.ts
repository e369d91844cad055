// Objects learn of a changed policy with their next caller, or before they act on a frame; a connection on which nothing
// happens would stay open under the old one. So the objects that are likeliest to have one are told at once.

import { waitUntil } from "cloudflare:workers";
import { settingsOf, type TeamSettings } from "../domain/policy.ts";
import { log } from "../log.ts";
import { chunks } from "../session-index/chunks.ts";
import { sessionsDatabase } from "../session-index/databases.ts";
import { recentSessions } from "../session-index/read.ts";
import { sessionStub } from "./session-access.ts";

/** The latest active of the team's sessions: bounds what one change wakes. */
const MAX_TOLD = 500;

const BATCH = 50;

/** Tells behind the answer; an object that it does not reach goes on as if it had not been told. */
export function tellSessions(env: Env, team: TeamSettings): void {
  const told = tell(env, team).catch((error: unknown) => {
    log.warn({ event: "team_change_not_told", team: team.id, message: String(error) });
  });
  waitUntil(told);
}

async function tell(env: Env, changed: TeamSettings): Promise<void> {
  const team = settingsOf(changed);
  const database = sessionsDatabase(env, team.number);
  const sessions = await recentSessions(database, { teamId: team.id, limit: MAX_TOLD });
  let failures = 0;
  for (const some of chunks(sessions, BATCH)) {
    const answers = await Promise.allSettled(
      some.map((session) => sessionStub(env, session).teamChanged(team)),
    );
    failures += answers.filter(({ status }) => status === "rejected").length;
  }
  if (failures > 0) log.warn({ event: "team_change_not_told", team: team.id, sessions: failures });
}
