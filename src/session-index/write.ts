// The projection: a session's record, conversations and audit events into rows, in one transaction. Safe to repeat and to
// arrive late, since a row only ever gives way to a higher version of itself.
import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { ConversationRecord } from "../domain/conversation-record.ts";
import type { SessionRecord } from "../domain/session-state.ts";
import { type AuditRecord, auditStatements } from "./audit.ts";
import { chunks } from "./chunks.ts";
import type { IndexDatabase } from "./databases.ts";
import { indexError } from "./errors.ts";
import { type FileChange, fileStatements } from "./files.ts";
import { sessionIdHash, unlessPurged } from "./purged.ts";
import { conversations, sessions } from "./schema.ts";

export type IndexedSession = SessionRecord & { readonly expiresAt: number };

/** A failure that is not retryable lies in the data: a retry would only repeat it. */
export type Projection =
  | { readonly ok: true }
  | { readonly ok: false; readonly retryable: boolean; readonly message: string };

/** D1 binds at most 100 values a statement; a conversation has 9, and one is the session's hash. */
const CONVERSATIONS_PER_STATEMENT = 11;

/** Writes what is newer than the index has it; everything or, on failure, nothing. Of a session that is purged, nothing. */
export async function projectSession(
  database: IndexDatabase,
  session: IndexedSession,
  threads: readonly ConversationRecord[],
  events: readonly AuditRecord[],
  files: readonly FileChange[] = [],
): Promise<Projection> {
  const idHash = await sessionIdHash(session.id);
  return await land(database, [
    upsertSession(database, session, idHash),
    ...chunks(threads, CONVERSATIONS_PER_STATEMENT).map((some) =>
      upsertConversations(database, session, some, idHash),
    ),
    ...fileStatements(database, session, files, idHash),
    ...auditStatements(database, events, { idHash }),
  ]);
}

/** Writes events of a session alone, those that the index does not have yet. */
export async function projectEvents(
  database: IndexDatabase,
  sessionId: string,
  events: readonly AuditRecord[],
): Promise<Projection> {
  const idHash = await sessionIdHash(sessionId);
  const [first, ...rest] = auditStatements(database, events, { idHash });
  return first === undefined ? { ok: true } : await land(database, [first, ...rest]);
}

/** Runs the statements in one transaction; what D1 says of a failure is a value. */
export async function land(
  database: IndexDatabase,
  statements: Parameters<IndexDatabase["batch"]>[0],
): Promise<Projection> {
  try {
    await database.batch(statements);
    return { ok: true };
  } catch (error) {
    const { retryable, message } = indexError(error);
    return { ok: false, retryable, message };
  }
}

export function upsertSession(database: IndexDatabase, session: IndexedSession, idHash: string) {
  return database
    .insert(sessions)
    .select(unlessPurged(sessions, [rowOf(session)], idHash))
    .onConflictDoUpdate({
      target: sessions.id,
      set: SESSION_CHANGES,
      setWhere: isNewer(sessions.version),
    });
}

function rowOf(session: IndexedSession): typeof sessions.$inferInsert {
  return {
    id: session.id,
    teamId: session.teamId,
    userFingerprint: session.userFingerprint,
    deviceInfo: session.deviceInfo,
    locationInfo: session.locationInfo,
    status: session.status,
    lastAccessed: session.lastAccessed,
    expiresAt: session.expiresAt,
    createdAt: session.createdAt,
    updatedAt: session.updatedAt,
    version: session.version,
    archivedAt: session.archivedAt,
    userId: session.userId,
    endedAt: session.endedAt,
    endReason: session.endReason,
    country: session.locationInfo.country ?? null,
    deviceType: session.deviceInfo.deviceType ?? null,
  };
}

function upsertConversations(
  database: IndexDatabase,
  session: IndexedSession,
  threads: readonly ConversationRecord[],
  idHash: string,
) {
  const rows = threads.map((thread) => ({
    sessionId: session.id,
    id: thread.id,
    teamId: session.teamId,
    status: thread.status,
    handledBy: thread.handledBy,
    assignee: thread.assignee,
    version: thread.version,
    createdAt: thread.createdAt,
    updatedAt: thread.updatedAt,
  }));
  return database
    .insert(conversations)
    .select(unlessPurged(conversations, rows, idHash))
    .onConflictDoUpdate({
      target: [conversations.sessionId, conversations.id],
      set: CONVERSATION_CHANGES,
      setWhere: isNewer(conversations.version),
    });
}

/** What may change in a session; its team and its creation are for ever. */
const SESSION_CHANGES = {
  userFingerprint: brought(sessions.userFingerprint),
  deviceInfo: brought(sessions.deviceInfo),
  locationInfo: brought(sessions.locationInfo),
  status: brought(sessions.status),
  lastAccessed: brought(sessions.lastAccessed),
  expiresAt: brought(sessions.expiresAt),
  updatedAt: brought(sessions.updatedAt),
  version: brought(sessions.version),
  archivedAt: brought(sessions.archivedAt),
  userId: brought(sessions.userId),
  endedAt: brought(sessions.endedAt),
  endReason: brought(sessions.endReason),
  country: brought(sessions.country),
  deviceType: brought(sessions.deviceType),
};

const CONVERSATION_CHANGES = {
  status: brought(conversations.status),
  handledBy: brought(conversations.handledBy),
  assignee: brought(conversations.assignee),
  version: brought(conversations.version),
  updatedAt: brought(conversations.updatedAt),
};

/** The value that the conflicting insert brought along. */
function brought(column: SQLiteColumn): SQL {
  return sql.raw(`excluded.${column.name}`);
}

function isNewer(version: SQLiteColumn): SQL {
  return sql`excluded.version > ${version}`;
}
