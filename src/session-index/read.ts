// The questions that cross sessions. Every list is newest activity first, ties by id, and each is served by one index in
// that order, so that a page reads little more rows than it shows, however many there are.
import type { SQL } from "drizzle-orm";
import { and, desc, eq, sql } from "drizzle-orm";
import { isoTime } from "../domain/view.ts";
import type { Result } from "../protocol/errors.ts";
import type { SessionList, SessionStats } from "../protocol/rest.ts";
import type { DeviceType, SessionStatus, SessionSummary } from "../protocol/session.ts";
import { chunks } from "./chunks.ts";
import { encodeCursor, INVALID_CURSOR, type Page, type Position, startOf } from "./cursor.ts";
import type { IndexDatabase } from "./databases.ts";
import { run } from "./run.ts";
import { sessions, teamCounters } from "./schema.ts";

export interface FingerprintQuery extends Page {
  readonly teamId: string;
  /** The same fingerprint under each signing key that sessions may have been stored under. */
  readonly fingerprintHashes: readonly string[];
  /** The person whose sessions alone count; undefined for everybody's. */
  readonly userId: string | undefined;
}

export interface SessionQuery extends Page {
  readonly teamId: string;
  readonly status: SessionStatus | undefined;
  readonly country: string | undefined;
  readonly device: DeviceType | undefined;
  readonly userId: string | undefined;
}

/** D1 takes at most 5 SELECTs in a UNION. */
const HASHES_PER_STATEMENT = 5;

/** The sessions of one browser, as far as its fingerprint tells. Throws `IndexError`. */
export async function findSessionsByFingerprint(
  database: IndexDatabase,
  query: FingerprintQuery,
): Promise<Result<SessionList>> {
  const position = startOf(query);
  if (position === null) return INVALID_CURSOR;
  const hashes = [...new Set(query.fingerprintHashes)];
  const found = await run(
    Promise.all(
      chunks(hashes, HASHES_PER_STATEMENT).map((some) => {
        const bySingleHash = some.map((hash) =>
          database
            .select(SUMMARY_COLUMNS)
            .from(sessions)
            .where(
              and(
                eq(sessions.teamId, query.teamId),
                eq(sessions.userFingerprint, hash),
                query.userId === undefined ? undefined : eq(sessions.userId, query.userId),
                from(position),
              ),
            )
            .$dynamic(),
        );
        // SQLite merges the SELECTs in order and stops at the limit; with `IN` it would read and sort all there are.
        return bySingleHash
          .reduce((union, next) => union.unionAll(next))
          .orderBy(...NEWEST_FIRST)
          .limit(query.limit + 1);
      }),
    ),
  );
  return page(query.limit, found.flat().sort(newestFirst));
}

/** A team's sessions. Country and device have no index: they filter what the others find. Throws `IndexError`. */
export async function listSessions(
  database: IndexDatabase,
  query: SessionQuery,
): Promise<Result<SessionList>> {
  const position = startOf(query);
  if (position === null) return INVALID_CURSOR;
  const { teamId, status, country, device, userId } = query;
  const rows = await run(
    database
      .select(SUMMARY_COLUMNS)
      .from(sessions)
      .where(
        and(
          eq(sessions.teamId, teamId),
          userId === undefined ? undefined : eq(sessions.userId, userId),
          status === undefined ? undefined : eq(sessions.status, status),
          country === undefined ? undefined : eq(sessions.country, country),
          device === undefined ? undefined : eq(sessions.deviceType, device),
          from(position),
        ),
      )
      .orderBy(...NEWEST_FIRST)
      .limit(query.limit + 1),
  );
  return page(query.limit, rows);
}

/** The ids of a team's active sessions, newest activity first. Throws `IndexError`. */
export async function recentSessions(
  database: IndexDatabase,
  { teamId, limit }: { readonly teamId: string; readonly limit: number },
): Promise<readonly string[]> {
  const rows = await run(
    database
      .select({ id: sessions.id })
      .from(sessions)
      .where(and(eq(sessions.teamId, teamId), eq(sessions.status, "active")))
      .orderBy(...NEWEST_FIRST)
      .limit(limit),
  );
  return rows.map(({ id }) => id);
}

/** Over all sessions the team ever had, purged ones included; zeros for a team without any. Throws `IndexError`. */
export async function sessionStats(database: IndexDatabase, teamId: string): Promise<SessionStats> {
  const counters = await run(
    database.select().from(teamCounters).where(eq(teamCounters.teamId, teamId)).get(),
  );
  if (counters === undefined) return NO_SESSIONS;
  const total = counters.total + counters.purgedTotal;
  const expired = counters.idle + counters.absolute + counters.purgedIdle + counters.purgedAbsolute;
  const terminated =
    counters.terminated + counters.erased + counters.purgedTerminated + counters.purgedErased;
  const durationMs = counters.durationMs + counters.purgedDurationMs;
  return {
    totalSessions: total,
    activeSessions: total - expired - terminated,
    expiredSessions: expired,
    terminatedSessions: terminated,
    averageSessionDuration: total === 0 ? 0 : Math.round(durationMs / total) / 1000,
  };
}

const NO_SESSIONS: SessionStats = {
  totalSessions: 0,
  activeSessions: 0,
  expiredSessions: 0,
  terminatedSessions: 0,
  averageSessionDuration: 0,
};

const NEWEST_FIRST = [desc(sessions.lastAccessed), desc(sessions.id)] as const;

const SUMMARY_COLUMNS = {
  id: sessions.id,
  teamId: sessions.teamId,
  status: sessions.status,
  endReason: sessions.endReason,
  userId: sessions.userId,
  deviceInfo: sessions.deviceInfo,
  locationInfo: sessions.locationInfo,
  createdAt: sessions.createdAt,
  lastAccessed: sessions.lastAccessed,
  expiresAt: sessions.expiresAt,
  endedAt: sessions.endedAt,
};

type SummaryRow = Pick<typeof sessions.$inferSelect, keyof typeof SUMMARY_COLUMNS>;

function newestFirst(one: SummaryRow, other: SummaryRow): number {
  return other.lastAccessed - one.lastAccessed || (one.id < other.id ? 1 : -1);
}

/** The page begins with the row at `position`: to SQLite `<` on two columns reads that row anyway. */
function from(position: Position | undefined): SQL | undefined {
  if (position === undefined) return undefined;
  const { at, id } = position;
  return sql`(${sessions.lastAccessed}, ${sessions.id}) <= (${at}, ${id})`;
}

/** One row more than `limit` was asked for: the one that the next page begins with. */
function page(limit: number, rows: readonly SummaryRow[]): { ok: true } & SessionList {
  const next = rows[limit];
  return {
    ok: true,
    sessions: rows.slice(0, limit).map(summary),
    ...(next !== undefined && { nextCursor: encodeCursor({ at: next.lastAccessed, id: next.id }) }),
  };
}

function summary(row: SummaryRow): SessionSummary {
  return {
    id: row.id,
    teamId: row.teamId,
    status: row.status,
    ...(row.endReason !== null && { endReason: row.endReason }),
    ...(row.userId !== null && { userId: row.userId }),
    deviceInfo: row.deviceInfo,
    locationInfo: row.locationInfo,
    createdAt: isoTime(row.createdAt),
    lastAccessed: isoTime(row.lastAccessed),
    expiresAt: isoTime(row.expiresAt),
    ...(row.endedAt !== null && { endedAt: isoTime(row.endedAt) }),
  };
}
