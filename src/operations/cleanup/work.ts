// What every part of the cleanup is given, and what it gives back.
import type { CleanupResult } from "../../protocol/lifecycle.ts";
import type { IndexDatabase } from "../../session-index/databases.ts";

export interface Work {
  readonly env: Env;
  readonly database: IndexDatabase;
  /** The one team whose sessions are cleaned up; undefined for all. */
  readonly teamId: string | undefined;
  /** Epoch milliseconds; what is due is due by then. */
  readonly now: number;
  /** By the clock: nothing big begins after it. */
  readonly until: number;
}

export const NOTHING: CleanupResult = {
  expiredSessions: 0,
  archivedConversations: 0,
  archivedFiles: 0,
  purgedSessions: 0,
  removedOrphans: 0,
  repairedRows: 0,
  more: false,
};

export function did(some: Partial<CleanupResult>): CleanupResult {
  return { ...NOTHING, ...some };
}

export function sum(one: CleanupResult, other: CleanupResult): CleanupResult {
  return {
    expiredSessions: one.expiredSessions + other.expiredSessions,
    archivedConversations: one.archivedConversations + other.archivedConversations,
    archivedFiles: one.archivedFiles + other.archivedFiles,
    purgedSessions: one.purgedSessions + other.purgedSessions,
    removedOrphans: one.removedOrphans + other.removedOrphans,
    repairedRows: one.repairedRows + other.repairedRows,
    more: one.more || other.more,
  };
}
