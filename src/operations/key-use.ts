// That a team's key is in use, for the audit trail: told behind the answer, seldom enough that a busy key costs a few rows,
// and without any say in whether a request succeeds.

import { waitUntil } from "cloudflare:workers";
import { log } from "../log.ts";
import { type AuditRecord, addAuditEvent } from "../session-index/audit.ts";
import { teamsDatabase } from "../session-index/databases.ts";
import type { TeamKeyRecord } from "../session-index/team-keys.ts";

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
  const written = addAuditEvent(teamsDatabase(env), event).then(
    () => toldUntil.set(key.id, (hour + 1) * HOUR_MS),
    (error: unknown) => {
      log.warn({ event: "audit_write_failed", type: event.type, message: String(error) });
    },
  );
  waitUntil(written);
}
