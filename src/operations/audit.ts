// The audit trail as the Worker reads it and, where no change is told of, writes it: behind the answer, seldom enough that
// a busy key or a flood of refusals costs a few rows, and without any say in whether a request succeeds.
import { waitUntil } from "cloudflare:workers";
import type { Caller } from "../caller.ts";
import type { AuditActor, AuditEventList } from "../protocol/audit.ts";
import type { Result } from "../protocol/errors.ts";
import type { Services } from "../services.ts";
import {
  type AuditRecord,
  addAuditEvent,
  listAuditEvents as list,
} from "../session-index/audit.ts";
import type { Page } from "../session-index/cursor.ts";
import { sessionsDatabase, teamsDatabase } from "../session-index/databases.ts";
import type { TeamKeyRecord } from "../session-index/team-keys.ts";
import { mayAsk } from "./team-access.ts";

export async function listAuditEvents(
  { env }: Services,
  caller: Caller,
  query: Page & { readonly teamId: string },
): Promise<Result<AuditEventList>> {
  const team = mayAsk(caller, query.teamId, "listAuditEvents");
  if (!team.ok) return team;
  return await list(sessionsDatabase(env, team.number), query);
}

/** As whom the audit trail knows a team's backend: by its key, or as a binding, which has none. */
export function teamActor(caller: Caller): AuditActor {
  const keyId = caller.kind === "team" ? caller.keyId : undefined;
  return { kind: "team", ...(keyId !== undefined && { id: keyId }) };
}

const HOUR_MS = 3_600_000;

/** When a write that failed may be tried again. */
const RETRY_MS = 60_000;

const MAX_KEYS_REMEMBERED = 2_000;

/** Until when this isolate need not tell of a key's use. */
const toldUntil = new Map<string, number>();

/** Tells of a key's use, once an hour: the event's id and time are the same wherever it is told of. */
export function noteKeyUsed(env: Env, key: TeamKeyRecord, now: number): void {
  if (now < (toldUntil.get(key.id) ?? 0)) return;
  if (toldUntil.size >= MAX_KEYS_REMEMBERED) toldUntil.clear();
  toldUntil.set(key.id, now + RETRY_MS);
  const hour = Math.floor(now / HOUR_MS);
  const event: AuditRecord = {
    id: `key_used-${key.id}-${hour}`,
    teamId: key.teamId,
    sessionId: null,
    type: "key.used",
    // Not before the key was there.
    at: Math.max(hour * HOUR_MS, key.createdAt),
    actor: { kind: "team", id: key.id },
    details: null,
  };
  addBehind(env, event, () => toldUntil.set(key.id, (hour + 1) * HOUR_MS));
}

function addBehind(env: Env, event: AuditRecord, done: () => void): void {
  const written = addAuditEvent(teamsDatabase(env), event).then(done, (error: unknown) => {
    console.warn({ event: "audit_write_failed", type: event.type, message: String(error) });
  });
  waitUntil(written);
}
