// Refusals, told of in the log and in the audit trail of the team whose door it was. Behind the answer and sampled: of n
// refusals in a minute about log2(n) are told, each with the count so far, so that a flood is seen and costs next to
// nothing. What was presented is never told, only who it proved to be.

import { waitUntil } from "cloudflare:workers";
import type { Caller } from "../caller.ts";
import { readSessionId } from "../credentials/session-id.ts";
import type { TeamSettings } from "../domain/policy.ts";
import { isTold } from "../domain/sampling.ts";
import { log } from "../log.ts";
import type { AuditActor } from "../protocol/audit.ts";
import type { ErrorCode } from "../protocol/errors.ts";
import type { Services } from "../services.ts";
import { addAuditEvent, type NewAuditEvent, newAuditRecord } from "../session-index/audit.ts";
import { teamsDatabase } from "../session-index/databases.ts";
import { teamById, teamByNumber } from "../team-cache.ts";

export interface Refusal {
  readonly code: ErrorCode;
  /** What was asked for: an operation's name, or a method where it did not come to one. */
  readonly operation: string;
  /** Undefined where nobody was made out. */
  readonly caller: Caller | undefined;
  /** As they were sent. */
  readonly sessionId: string | undefined;
  readonly teamId: string | undefined;
}

/** Those that tell of somebody at a door that is not theirs; others are mistakes. */
const TOLD: ReadonlySet<ErrorCode> = new Set([
  "unauthenticated",
  "invalid_credential",
  "invalid_identity_token",
  "forbidden",
  "fresh_credential_needed",
  "origin_not_allowed",
  "insecure_transport",
  "bot_check_failed",
  "team_disabled",
  "session_not_found",
  "team_not_found",
  "rate_limited",
]);

const MINUTE_MS = 60_000;

/** Whoever guesses names of teams has that many looked up. */
const MAX_NAMES_PER_MINUTE = 60;

let minute = 0;
const names = new Set<string>();
/** Refusals of this minute by team; "" for those that are no team's. */
const counts = new Map<string, number>();

/** Tells of a refusal; never fails, and nobody waits for it. */
export function noteRefusal(services: Services, refusal: Refusal, now: number): void {
  if (!TOLD.has(refusal.code)) return;
  const told = tell(services, refusal, now).catch((error: unknown) => {
    log.warn({ event: "audit_write_failed", type: "access.refused", message: String(error) });
  });
  waitUntil(told);
}

async function tell(services: Services, refusal: Refusal, now: number): Promise<void> {
  const team = await teamOf(services, refusal, now);
  const count = countFor(team?.id ?? "", now);
  if (!isTold(count)) return;
  const { code, operation, caller } = refusal;
  log.warn({ event: "access_refused", code, operation, team: team?.id, count });
  if (team === undefined) return;
  const event: NewAuditEvent = {
    type: "access.refused",
    actor: actorOf(caller, team),
    details: { code, operation, count },
  };
  const record = newAuditRecord(team.id, null, event, now);
  await addAuditEvent(teamsDatabase(services.env), record);
}

function countFor(bucket: string, now: number): number {
  startMinute(now);
  const count = (counts.get(bucket) ?? 0) + 1;
  counts.set(bucket, count);
  return count;
}

function startMinute(now: number): void {
  if (Math.floor(now / MINUTE_MS) === minute) return;
  minute = Math.floor(now / MINUTE_MS);
  names.clear();
  counts.clear();
}

/** The team whose session or data was asked for. */
async function teamOf(
  { env, keys }: Services,
  { sessionId, teamId }: Refusal,
  now: number,
): Promise<TeamSettings | undefined> {
  const address = sessionId === undefined ? undefined : await readSessionId(keys, sessionId);
  if (address !== undefined) return await teamByNumber(env, address.teamNumber);
  if (teamId === undefined) return undefined;
  startMinute(now);
  if (names.size < MAX_NAMES_PER_MINUTE) names.add(teamId);
  return names.has(teamId) ? await teamById(env, teamId) : undefined;
}

/** A team hears who of its own it was, and of anybody else only what kind. */
function actorOf(caller: Caller | undefined, team: TeamSettings): AuditActor {
  switch (caller?.kind) {
    case "credential": {
      const { teamNumber, credentialId } = caller.credential;
      return { kind: "credential", ...(teamNumber === team.number && { id: credentialId }) };
    }
    case "team":
      return {
        kind: "team",
        ...(caller.teamId === team.id && caller.keyId !== undefined && { id: caller.keyId }),
      };
    case "operator":
      return { kind: "operator", ...(caller.teamId === team.id && { id: caller.operatorId }) };
    case "admin":
      return { kind: "admin" };
    default:
      return { kind: "anonymous" };
  }
}
