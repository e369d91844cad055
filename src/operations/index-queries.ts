// Questions that cross sessions, answered by the index alone.
import type { Caller } from "../caller.ts";
import { fingerprintHashes } from "../credentials/fingerprint.ts";
import type { Result } from "../protocol/errors.ts";
import type { SessionList, SessionStats } from "../protocol/rest.ts";
import type { Services } from "../services.ts";
import type { Page } from "../session-index/cursor.ts";
import { sessionsDatabase } from "../session-index/databases.ts";
import * as index from "../session-index/read.ts";
import { limitLookup } from "./rate-limits.ts";
import { mayAsk, mayAskOwn } from "./team-access.ts";

/** The sessions of one browser, as far as its fingerprint tells; never a token. */
export async function findSessionsByFingerprint(
  services: Services,
  caller: Caller,
  { teamId, fingerprint, ...page }: { teamId: string; fingerprint: string } & Page,
): Promise<Result<SessionList>> {
  const team = await mayAskOwn(services, caller, teamId, "findByFingerprint");
  if (!team.ok) return team;
  const limited = await limitLookup(services, caller, teamId);
  if (limited) return limited;
  const hashes = await fingerprintHashes(services.keys, teamId, fingerprint);
  const database = sessionsDatabase(services.env, team.number);
  const { userId } = team;
  return await index.findSessionsByFingerprint(database, {
    teamId,
    fingerprintHashes: hashes,
    userId,
    ...page,
  });
}

export async function listSessions(
  services: Services,
  caller: Caller,
  query: index.SessionQuery,
): Promise<Result<SessionList>> {
  const team = await mayAskOwn(services, caller, query.teamId, "listSessions");
  if (!team.ok) return team;
  const limited = await limitLookup(services, caller, query.teamId);
  if (limited) return limited;
  const { userId = query.userId } = team;
  const database = sessionsDatabase(services.env, team.number);
  return await index.listSessions(database, { ...query, userId });
}

export async function getSessionStats(
  services: Services,
  caller: Caller,
  teamId: string,
): Promise<Result<SessionStats>> {
  const team = mayAsk(caller, teamId, "stats");
  if (!team.ok) return team;
  const limited = await limitLookup(services, caller, teamId);
  if (limited) return limited;
  const stats = await index.sessionStats(sessionsDatabase(services.env, team.number), teamId);
  return { ok: true, ...stats };
}
