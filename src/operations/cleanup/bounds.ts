// How much one run of the cleanup does at most. A Worker may make 1,000 calls of other services for one request on every
// plan of Cloudflare's; all parts of a run together stay below that.
import { DAY_MS } from "../../domain/day.ts";

/** Sessions that one page nominates: they are asked before the next page is. */
export const NOMINATED_PER_PAGE = 50;

/** Pages in a run, over all kinds of nominations, of which each has one at least. */
export const PAGES_PER_RUN = 10;

/** Sessions asked at a time: D1 answers one question after another, and visitors' come first. */
export const SESSIONS_AT_ONCE = 4;

/** After each it pauses for as long as that took, and so gives way where there is much to do; at most for this long. */
export const MAX_PAUSE_MS = 500;

/** One that has not answered by then goes on by itself, and makes room for the next. */
export const SESSION_TIMEOUT_MS = 10_000;

/** After so long no part of a run begins another page. */
export const RUN_MS = 20_000;

/** Rows of sessions in a run that are compared with what their objects are. */
export const ROWS_COMPARED = 50;

/** Rows of conversations, and of files, in a run whose session is looked for. */
export const ROWS_LOOKED_AT = 500;

/** Keys of the bucket in a run, under each prefix, whose session is asked whether they are its own. */
export const KEYS_ASKED_ABOUT = 100;

/** Rows that have served their time, deleted in one statement, and how many such in a run for each table. */
export const ROWS_PER_DELETE = 1_000;
export const DELETES_PER_TABLE = 10;

/** Runs that the cron makes one after another while there is more: together up to what paid plans allow. */
export const RUNS_PER_SCHEDULE = 5;

/** How long a purged session's id is remembered: longer than anything is retried. */
export const PURGED_KEPT_MS = 7 * DAY_MS;

/** Of the audit trail; see `AUDIT_RETENTION_DAYS`. */
export const DEFAULT_AUDIT_RETENTION_DAYS = 400;
