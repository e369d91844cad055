// The end of a session in the index, in one transaction, once however often it is asked for.
import { and, eq, inArray, ne } from "drizzle-orm";
import { type AuditRecord, auditStatements } from "./audit.ts";
import type { IndexDatabase } from "./databases.ts";
import { sessionIdHash } from "./purged.ts";
import { hashedSessionId } from "./restored-events.ts";
import { auditEvents, purged, sessions, webhookFailures } from "./schema.ts";
import { forgetPositions } from "./sweeps.ts";
import { type IndexedSession, land, type Projection, upsertSession } from "./write.ts";

export interface LastWord {
  /** As it was in the end, which the index may not have heard of: it counts as what it was. */
  readonly session: IndexedSession;
  /** That it is gone; the same at each attempt. */
  readonly final: AuditRecord;
  /** Whether `final` is all that is to be told of it. */
  readonly isErased: boolean;
}

/** Removes the session's rows; what still comes of it is not written. */
export async function purgeSession(
  database: IndexDatabase,
  { session, final, isErased }: LastWord,
  now: number,
): Promise<Projection> {
  const { id, teamId } = session;
  const idHash = await sessionIdHash(id);
  const ofSession = { idHash };
  return await land(database, [
    upsertSession(database, session, idHash),
    // With it go its conversations and files, and a trigger counts it as purged.
    database.delete(sessions).where(eq(sessions.id, id)),
    database
      .delete(webhookFailures)
      .where(and(eq(webhookFailures.teamId, teamId), eq(webhookFailures.sessionId, id))),
    ...(isErased
      ? [
          database.delete(auditEvents).where(
            and(
              // What was restored from a backup, and it has not claimed yet, is its own, too.
              inArray(auditEvents.sessionId, [id, await hashedSessionId(id)]),
              ne(auditEvents.id, final.id),
            ),
          ),
          forgetPositions(database, id),
        ]
      : []),
    ...auditStatements(database, [final], ofSession),
    database.insert(purged).values({ idHash, at: now }).onConflictDoNothing(),
  ]);
}
