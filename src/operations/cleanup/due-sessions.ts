// Sessions that the index believes to have something due, page by page; what one run does not get to, the next does.
import type { CleanupResult } from "../../protocol/lifecycle.ts";
import {
  NOMINATIONS,
  type Nomination,
  type NominationPosition,
  nominated,
} from "../../session-index/nominations.ts";
import { saveSweepPosition, sweepPosition } from "../../session-index/sweeps.ts";
import { NOMINATED_PER_PAGE, PAGES_PER_RUN } from "./bounds.ts";
import { reconcile } from "./reconcile.ts";
import { NOTHING, sum, type Work } from "./work.ts";

/** All kinds of nominations in turn; a page that one leaves another may have. Throws `IndexError`. */
export async function dueSessions(work: Work): Promise<CleanupResult> {
  let result = NOTHING;
  let pagesLeft = PAGES_PER_RUN;
  for (const [index, nomination] of NOMINATIONS.entries()) {
    const othersLeft = NOMINATIONS.length - 1 - index;
    const done = await dueOf(work, nomination, pagesLeft - othersLeft);
    result = sum(result, done.result);
    pagesLeft -= done.pages;
  }
  return result;
}

async function dueOf(
  work: Work,
  nomination: Nomination,
  maxPages: number,
): Promise<{ readonly result: CleanupResult; readonly pages: number }> {
  const { database, teamId, now, until } = work;
  const name = teamId === undefined ? nomination : `${nomination}/${teamId}`;
  const saved = await sweepPosition(database, name);
  let last = saved === undefined ? undefined : (JSON.parse(saved) as NominationPosition);
  let result = NOTHING;
  let pages = 0;
  do {
    const query = { teamId, last, now, limit: NOMINATED_PER_PAGE };
    const sessions = await nominated(database, nomination, query);
    pages++;
    result = sum(result, await reconcile(work, sessions));
    if (sessions.length < NOMINATED_PER_PAGE) {
      // Whoever did not answer is nominated again, from the beginning on.
      if (saved !== undefined) await saveSweepPosition(database, name, undefined, now);
      return { result, pages };
    }
    last = positionOf(sessions.at(-1));
  } while (pages < maxPages && Date.now() < until);
  await saveSweepPosition(database, name, JSON.stringify(last), now);
  return { result: { ...result, more: true }, pages };
}

function positionOf(session: NominationPosition | undefined): NominationPosition | undefined {
  return session && { teamId: session.teamId, at: session.at, id: session.id };
}
