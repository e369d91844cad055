// The audit trail: events from objects, which come by their outboxes and so perhaps more than once, and from the Worker.
// An event is written once and never changed.
import { and, asc, desc, eq, sql } from "drizzle-orm";
import { toBase64Url } from "../domain/base64url.ts";
import { isoTime } from "../domain/view.ts";
import type { AuditActor, AuditEvent, AuditEventList, AuditEventType } from "../protocol/audit.ts";
import type { Result } from "../protocol/errors.ts";
import type { JsonObject } from "../protocol/json.ts";
import { chunks } from "./chunks.ts";
import { encodeCursor, INVALID_CURSOR, type Page, startOf } from "./cursor.ts";
import type { IndexDatabase } from "./databases.ts";
import { unlessPurged } from "./purged.ts";
import { run } from "./run.ts";
import { auditEvents } from "./schema.ts";

/** An event as it is stored. */
export interface AuditRecord {
  /** Unguessable, or the same for what counts as one event; at most 64 characters of base64url. */
  readonly id: string;
  readonly teamId: string;
  readonly sessionId: string | null;
  readonly type: AuditEventType;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly actor: AuditActor;
  readonly details: JsonObject | null;
}

/** Something that happened. Never a secret, a fingerprint or content. */
export interface NewAuditEvent {
  readonly type: AuditEventType;
  readonly actor: AuditActor;
  readonly details?: JsonObject;
}

/** What the administrator's operations are told of as. */
export const ADMIN: AuditActor = { kind: "admin" };

/** @param sessionId null for an event of no one session */
export function newAuditRecord(
  teamId: string,
  sessionId: string | null,
  { type, actor, details }: NewAuditEvent,
  now: number,
): AuditRecord {
  const random = crypto.getRandomValues(new Uint8Array(12));
  return {
    id: `evt_${toBase64Url(random)}`,
    teamId,
    sessionId,
    type,
    at: now,
    actor,
    details: details ?? null,
  };
}

/**
 * The statement that writes `event` if the statement before it in the same batch changed a row: there is no event
 * without its change, and no change without its event.
 */
export function auditOfChange(
  database: IndexDatabase,
  teamId: string,
  event: NewAuditEvent,
  now: number,
) {
  const record = newAuditRecord(teamId, null, event, now);
  const { at, id, sessionId, type, actor, details } = record;
  return database.insert(auditEvents).select(
    sql`SELECT ${teamId}, ${at}, ${id}, ${sessionId}, ${type}, ${actor.kind}, ${actor.id ?? null},
      ${details && JSON.stringify(details)} WHERE changes() > 0`,
  );
}

/** Writes events that tell of no change. Throws `IndexError`. */
export async function addAuditEvent(database: IndexDatabase, record: AuditRecord): Promise<void> {
  await run(Promise.all(auditStatements(database, [record])));
}

/** D1 binds at most 100 values a statement; an event has 8. */
const EVENTS_PER_STATEMENT = 12;

/**
 * The statements that write `records`, for the batch of the change that they tell of. What is there already stays.
 * @param of whose they are, where they come from a session: of one that is purged, nothing is told any more
 */
export function auditStatements(
  database: IndexDatabase,
  records: readonly AuditRecord[],
  of?: { readonly idHash: string },
) {
  return chunks(records, EVENTS_PER_STATEMENT).map((some) => {
    const rows = some.map(({ actor, ...record }) => ({
      ...record,
      actorKind: actor.kind,
      actorId: actor.id ?? null,
    }));
    const insert = database.insert(auditEvents);
    const filled =
      of === undefined
        ? insert.values(rows)
        : insert.select(unlessPurged(auditEvents, rows, of.idHash));
    return filled.onConflictDoNothing();
  });
}

/** What is to be known of one session alone, oldest first: for whoever takes all of it out. Throws `IndexError`. */
export async function sessionAuditEvents(
  database: IndexDatabase,
  {
    sessionId,
    after,
    limit,
  }: {
    readonly sessionId: string;
    readonly after: Pick<AuditRecord, "at" | "id"> | undefined;
    readonly limit: number;
  },
): Promise<readonly { readonly at: number; readonly event: AuditEvent }[]> {
  const { at, id } = auditEvents;
  const rows = await run(
    database
      .select()
      .from(auditEvents)
      .where(
        and(
          eq(auditEvents.sessionId, sessionId),
          after && sql`(${at}, ${id}) > (${after.at}, ${after.id})`,
        ),
      )
      .orderBy(asc(at), asc(id))
      .limit(limit),
  );
  return rows.map((row) => ({ at: row.at, event: viewEvent(row) }));
}

/** A team's events, newest first. Throws `IndexError`. */
export async function listAuditEvents(
  database: IndexDatabase,
  query: Page & { readonly teamId: string },
): Promise<Result<AuditEventList>> {
  const { teamId, limit } = query;
  const { at, id } = auditEvents;
  const position = startOf(query);
  if (position === null) return INVALID_CURSOR;
  const rows = await run(
    database
      .select()
      .from(auditEvents)
      .where(
        and(
          eq(auditEvents.teamId, teamId),
          // The page begins with the row at the cursor.
          position && sql`(${at}, ${id}) <= (${position.at}, ${position.id})`,
        ),
      )
      .orderBy(desc(at), desc(id))
      .limit(limit + 1),
  );
  const next = rows[limit];
  return {
    ok: true,
    events: rows.slice(0, limit).map(viewEvent),
    ...(next !== undefined && { nextCursor: encodeCursor(next) }),
  };
}

function viewEvent(row: typeof auditEvents.$inferSelect): AuditEvent {
  return {
    id: row.id,
    type: row.type,
    at: isoTime(row.at),
    ...(row.sessionId !== null && { sessionId: row.sessionId }),
    actor: { kind: row.actorKind, ...(row.actorId !== null && { id: row.actorId }) },
    ...(row.details !== null && { details: row.details }),
  };
}
