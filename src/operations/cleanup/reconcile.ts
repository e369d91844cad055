// Asks sessions to see to themselves: each does what is due, and has the index corrected where that is behind. A row
// whose session is none goes, as it would have gone with the session.
import type { Reconciled } from "../../../objects/calls.ts";
import { log } from "../../log.ts";
import type { CleanupResult } from "../../protocol/lifecycle.ts";
import { removeSession } from "../../session-index/orphans.ts";
import { sessionStub } from "../session-access.ts";
import { goneOf } from "./absence.ts";
import { askEach } from "./at-once.ts";
import { did, sum, type Work } from "./work.ts";

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
  const { answers, errors, isDone } = await askEach(each, work.until, async ({ id, version }) => {
    const asked = sessionStub(work.env, id).reconcile({ indexVersion: version });
    // An object of before this call was there answers nothing.
    const answer: Reconciled | undefined = await asked;
    return answer === undefined ? [] : [{ id, ...answer }];
  });
  const told = answers.flat();
  const removed = await askEach(goneOf(told), work.until, ({ id }) =>
    removeSession(work.database, id, work.now),
  );
  const failed = [...errors, ...removed.errors];
  if (failed.length > 0) {
    const fields = { sessions: failed.length, error: String(failed[0]) };
    log.warn({ event: "reconcile_failed", ...fields });
  }
  const removedOrphans = removed.answers.filter(Boolean).length;
  const more = !(isDone && removed.isDone);
  return told.map(doneBy).reduce(sum, did({ removedOrphans, more }));
}

function doneBy(answer: Reconciled): CleanupResult {
  const { expired, archivedConversations, archivedFiles, purged, repaired } = answer;
  return did({
    expiredSessions: Number(expired),
    archivedConversations,
    archivedFiles,
    purgedSessions: Number(purged),
    repairedRows: Number(repaired),
  });
}
