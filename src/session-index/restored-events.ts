// Audit events that were restored from a backup. A backup outlives sessions that are erased, so it holds neither their ids
// nor whose they were: each session that is still there claims its events when it projects itself whole.
import { and, eq, sql } from "drizzle-orm";
import type { SessionRecord } from "../domain/session-state.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { IndexDatabase } from "./databases.ts";
import { isNotPurged, sessionIdHash } from "./purged.ts";
import { auditEvents } from "./schema.ts";
import { land, type Projection } from "./write.ts";

const HASHED = "sha256:";

/** What stands for a session's id in a backup, and in the trail until the session claims it. */
export async function hashedSessionId(id: string): Promise<string> {
  return id.startsWith(HASHED) ? id : HASHED + (await sessionIdHash(id));
}

/** The details of a session's event as a backup holds them. */
export function withoutPerson(details: JsonObject): JsonObject {
  return "userId" in details ? { ...details, userId: null } : details;
}

/** Gives a session the events that are its own, unless it is purged. */
export async function claimRestoredEvents(
  database: IndexDatabase,
  { id, userId }: Pick<SessionRecord, "id" | "userId">,
): Promise<Projection> {
  const { details, sessionId } = auditEvents;
  const claim = database
    .update(auditEvents)
    .set({
      sessionId: id,
      // A session is one person's for good: who was left out of an event is who it is now.
      details: sql`iif(json_type(${details}, '$.userId') = 'null', json_set(${details}, '$.userId', ${userId}), ${details})`,
    })
    .where(and(eq(sessionId, await hashedSessionId(id)), isNotPurged(await sessionIdHash(id))));
  return await land(database, [claim]);
}
