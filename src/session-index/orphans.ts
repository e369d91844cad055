// Rows of sessions that are no more.
import { and, asc, eq, gt, inArray, isNull, lt, notExists, sql } from "drizzle-orm";
import type { IndexDatabase } from "./databases.ts";
import { sessionIdHash } from "./purged.ts";
import { run } from "./run.ts";
import { conversations, files, purged, sessions, webhookFailures } from "./schema.ts";

/**
 * Removes the row of a session that is none, and all that hangs on it; nothing that is still on its way brings it back.
 * False where there was none any more. Throws `IndexError`.
 */
export async function removeSession(
  database: IndexDatabase,
  sessionId: string,
  now: number,
): Promise<boolean> {
  const [, , deleted] = await run(
    database.batch([
      database
        .insert(purged)
        .values({ idHash: await sessionIdHash(sessionId), at: now })
        .onConflictDoNothing(),
      database.delete(webhookFailures).where(eq(webhookFailures.sessionId, sessionId)),
      database.delete(sessions).where(eq(sessions.id, sessionId)),
    ]),
  );
  return deleted.meta.changes > 0;
}

/** Rows of sessions by id, from after `after` on. Throws `IndexError`. */
export async function indexedVersions(
  database: IndexDatabase,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<readonly { readonly id: string; readonly version: number }[]> {
  return await run(
    database
      .select({ id: sessions.id, version: sessions.version })
      .from(sessions)
      .where(gt(sessions.id, after))
      .orderBy(asc(sessions.id))
      .limit(limit),
  );
}

export const HANGING_TABLES = ["conversations", "files"] as const;
export type HangingTable = (typeof HANGING_TABLES)[number];

const TABLES = { conversations, files } as const;

/** The sessions of the next rows of a table, in order, and which of them are none. Throws `IndexError`. */
export async function hangingRows(
  database: IndexDatabase,
  table: HangingTable,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<readonly { readonly sessionId: string; readonly isOrphan: number }[]> {
  const rows = TABLES[table];
  return await run(
    database
      .select({ sessionId: rows.sessionId, isOrphan: sql<number>`${isNull(sessions.id)}` })
      .from(rows)
      .leftJoin(sessions, eq(sessions.id, rows.sessionId))
      .where(gt(rows.sessionId, after))
      .orderBy(asc(rows.sessionId))
      .limit(limit),
  );
}

/** Deletes the rows of sessions that are none still; returns how many. Throws `IndexError`. */
export async function deleteHanging(
  database: IndexDatabase,
  table: HangingTable,
  sessionIds: readonly string[],
): Promise<number> {
  const rows = TABLES[table];
  const { meta } = await run(
    database
      .delete(rows)
      .where(
        and(
          inArray(rows.sessionId, [...sessionIds]),
          notExists(database.select().from(sessions).where(eq(sessions.id, rows.sessionId))),
        ),
      )
      .run(),
  );
  return meta.changes;
}

/** Deletes what is told of sessions that are none, and began to fail before `before`; returns how many. Throws `IndexError`. */
export async function deleteFailuresOfNone(
  database: IndexDatabase,
  before: number,
): Promise<number> {
  const { sessionId, failingSince } = webhookFailures;
  const { meta } = await run(
    database
      .delete(webhookFailures)
      .where(
        and(
          lt(failingSince, before),
          notExists(database.select().from(sessions).where(eq(sessions.id, sessionId))),
        ),
      )
      .run(),
  );
  return meta.changes;
}
