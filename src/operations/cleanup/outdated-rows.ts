// What has served its time in the index: tokens that have expired, marks of sessions that are gone, old events.
import { DAY_MS } from "../../domain/day.ts";
import type { CleanupResult } from "../../protocol/lifecycle.ts";
import type { IndexDatabase } from "../../session-index/databases.ts";
import { deleteExpiredIdentityTokens } from "../../session-index/identity-tokens.ts";
import { deleteExpiredOperatorTokens } from "../../session-index/operator-tokens.ts";
import { deleteAuditEvents, deletePurged } from "../../session-index/outdated.ts";
import {
  DEFAULT_AUDIT_RETENTION_DAYS,
  DELETES_PER_TABLE,
  PURGED_KEPT_MS,
  ROWS_PER_DELETE,
} from "./bounds.ts";
import { did, type Work } from "./work.ts";

type Delete = (database: IndexDatabase, limit: number) => Promise<number>;

export async function deleteOutdated({ env, database, now }: Work): Promise<CleanupResult> {
  const auditBefore = now - auditRetentionDays(env) * DAY_MS;
  const deletes: readonly Delete[] = [
    (where, limit) => deleteExpiredOperatorTokens(where, { now, limit }),
    (where, limit) => deleteExpiredIdentityTokens(where, { now, limit }),
    (where, limit) => deletePurged(where, { before: now - PURGED_KEPT_MS, limit }),
    (where, limit) => deleteAuditEvents(where, { before: auditBefore, limit }),
  ];
  let more = false;
  for (const deleteSome of deletes) {
    let deleted = ROWS_PER_DELETE;
    for (let pass = 0; pass < DELETES_PER_TABLE && deleted === ROWS_PER_DELETE; pass++) {
      deleted = await deleteSome(database, ROWS_PER_DELETE);
    }
    more ||= deleted === ROWS_PER_DELETE;
  }
  return did({ more });
}

/** What is no number of days is taken for the default: a mistyped one must not delete the trail. */
export function auditRetentionDays({ AUDIT_RETENTION_DAYS }: Env): number {
  const days = Number(AUDIT_RETENTION_DAYS);
  return days >= 1 ? days : DEFAULT_AUDIT_RETENTION_DAYS;
}
