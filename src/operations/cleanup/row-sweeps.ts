// Rows of the index that belong to nothing, or are behind: looked through a piece a run, round and round.
import type { CleanupResult } from "../../protocol/lifecycle.ts";
import { chunks } from "../../session-index/chunks.ts";
import {
  deleteFailuresOfNone,
  deleteHanging,
  HANGING_TABLES,
  type HangingTable,
  hangingRows,
  indexedVersions,
} from "../../session-index/orphans.ts";
import { saveSweepPosition, sweepPosition } from "../../session-index/sweeps.ts";
import { PURGED_KEPT_MS, ROWS_COMPARED, ROWS_LOOKED_AT } from "./bounds.ts";
import { reconcile } from "./reconcile.ts";
import { did, type Work } from "./work.ts";

/** Sessions' rows: one whose object is none is removed, one that is older than its object is written anew. */
export async function sweepSessions(work: Work): Promise<CleanupResult> {
  const { database, now } = work;
  const after = (await sweepPosition(database, "sessions")) ?? "";
  const rows = await indexedVersions(database, { after, limit: ROWS_COMPARED });
  const result = await reconcile(work, rows);
  const next = rows.length < ROWS_COMPARED ? undefined : rows.at(-1)?.id;
  if (next !== undefined || after !== "") await saveSweepPosition(database, "sessions", next, now);
  return result;
}

/** What hangs on sessions that are none. */
export async function sweepHangingRows(work: Work): Promise<CleanupResult> {
  let removedOrphans = 0;
  for (const table of HANGING_TABLES) removedOrphans += await sweepTable(work, table);
  removedOrphans += await deleteFailuresOfNone(work.database, work.now - PURGED_KEPT_MS);
  return did({ removedOrphans });
}

/** D1 binds at most 100 values a statement. */
const SESSIONS_PER_DELETE = 90;

async function sweepTable({ database, now }: Work, table: HangingTable): Promise<number> {
  const after = (await sweepPosition(database, table)) ?? "";
  const rows = await hangingRows(database, table, { after, limit: ROWS_LOOKED_AT });
  const orphans = new Set(rows.filter((row) => row.isOrphan).map((row) => row.sessionId));
  let removed = 0;
  for (const some of chunks([...orphans], SESSIONS_PER_DELETE)) {
    removed += await deleteHanging(database, table, some);
  }
  const next = rows.length < ROWS_LOOKED_AT ? undefined : rows.at(-1)?.sessionId;
  if (next !== undefined || after !== "") await saveSweepPosition(database, table, next, now);
  return removed;
}
