// Asks sessions to see to themselves: each does what is due, and has the index corrected where that is behind. A row
// whose session is none goes, as it would have gone with the session.
import type { Reconciled } from "../../../objects/calls.ts";
import { log } from "../../log.ts";
import type { CleanupResult } from "../../protocol/lifecycle.ts";
import { removeSession } from "../../session-index/orphans.ts";
import { sessionStub } from "../session-access.ts";
import { askEach } from "./at-once.ts";
import { did, NOTHING, sum, type Work } from "./work.ts";

export interface IndexedVersion {
  readonly id: string;
  /** Of its row. */
  readonly version: number;
}

export async function reconcile(
  work: Work,
  sessions: readonly IndexedVersion[],
): Promise<CleanupResult> {
  // One may have been nominated more than once, for each of its files.
  const each = [...new Map(sessions.map((session) => [session.id, session])).values()];
  const { answers, errors, isDone } = await askEach(each, work.until, (session) =>
    reconcileOne(work, session),
  );
  if (errors.length > 0) {
    const fields = { sessions: errors.length, error: String(errors[0]) };
    log.warn({ event: "reconcile_failed", ...fields });
  }
  return answers.reduce(sum, did({ more: !isDone }));
}

async function reconcileOne(work: Work, { id, version }: IndexedVersion): Promise<CleanupResult> {
  // An object of before this call was there answers nothing.
  const answer: Reconciled | undefined = await sessionStub(work.env, id).reconcile({
    indexVersion: version,
  });
  if (answer === undefined) return NOTHING;
  const { exists, expired, archivedConversations, archivedFiles, purged, repaired } = answer;
  const isOrphan = !exists && !purged;
  if (isOrphan) await removeSession(work.database, id, work.now);
  return did({
    expiredSessions: Number(expired),
    archivedConversations,
    archivedFiles,
    purgedSessions: Number(purged),
    repairedRows: Number(repaired),
    removedOrphans: Number(isOrphan),
  });
}
