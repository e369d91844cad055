// The tables of the index. migrations/index/ is generated from this file and test/cli/index-migrations.test.ts keeps the
// two equal; what drizzle cannot say (WITHOUT ROWID, triggers) is written by hand in the migrations.
// Each index entry counts as a row written, and an upsert rewrites every entry whose columns it names, changed or not: a
// session with a fingerprint and without a user costs five rows at each write, as many after its end.
// Long, because the tables of one database refer to each other, and a migration is generated from all of them.
import { sql } from "drizzle-orm";
import { check, index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { WebhookSettings } from "../domain/policy.ts";
import type { AuditActor, AuditEventType } from "../protocol/audit.ts";
import type { ConversationHandler, ConversationStatus } from "../protocol/conversation.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { CleanupResult } from "../protocol/lifecycle.ts";
import type {
  DeviceInfo,
  DeviceType,
  EndReason,
  LocationInfo,
  SessionStatus,
} from "../protocol/session.ts";
import type { EcPublicJwk, IdentityAlgorithm, KeyScope, TeamPolicy } from "../protocol/team.ts";

/** Tenants. Numbers are never used twice: session ids carry them for ever. */
export const teams = sqliteTable("teams", {
  number: integer("number").primaryKey({ autoIncrement: true }),
  id: text("id").notNull().unique(),
  name: text("name").notNull(),
  policy: text("policy", { mode: "json" }).$type<TeamPolicy>().notNull(),
  webhook: text("webhook", { mode: "json" }).$type<WebhookSettings>(),
  /** Grows with each change, so that caches and objects see cheaply whether theirs is old. */
  revision: integer("revision").notNull().default(1),
  createdAt: integer("created_at").notNull(),
  updatedAt: integer("updated_at").notNull(),
});

/**
 * Which teams allow an origin. A trigger derives it from `policy.allowedOrigins`: the preflight of a creation names no
 * team, and must not read every policy there is.
 */
export const teamOrigins = sqliteTable(
  "team_origins",
  {
    origin: text("origin").notNull(),
    teamId: teamId(),
  },
  (table) => [primaryKey({ columns: [table.origin, table.teamId] })],
);

/** Keys of teams' backends; of the secret only its SHA-256. */
export const teamKeys = sqliteTable(
  "team_keys",
  {
    id: text("id").primaryKey().notNull(),
    teamId: teamId(),
    secretHash: text("secret_hash").notNull(),
    scopes: text("scopes", { mode: "json" }).$type<readonly KeyScope[]>().notNull(),
    createdAt: integer("created_at").notNull(),
    revokedAt: integer("revoked_at"),
  },
  (table) => [index("idx_team_keys_team_id").on(table.teamId, table.createdAt)],
);

/** Keys under which teams sign who their visitors are. Of a shared secret only the signing key's version is kept. */
export const identityKeys = sqliteTable(
  "identity_keys",
  {
    teamId: teamId(),
    kid: text("kid").notNull(),
    algorithm: text("algorithm").$type<IdentityAlgorithm>().notNull(),
    publicKey: text("public_key", { mode: "json" }).$type<EcPublicJwk>(),
    keyVersion: integer("key_version"),
    createdAt: integer("created_at").notNull(),
    revokedAt: integer("revoked_at"),
  },
  (table) => [primaryKey({ columns: [table.teamId, table.kid] })],
);

/** Identity tokens that were used, until they would have expired anyway. */
export const usedIdentityTokens = sqliteTable(
  "used_identity_tokens",
  {
    teamId: teamId(),
    jtiHash: text("jti_hash").notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.teamId, table.jtiHash] }),
    index("idx_used_identity_tokens_expires_at").on(table.expiresAt),
  ],
);

/** What members of teams' staffs sign in with; of the secret only its SHA-256. */
export const operatorTokens = sqliteTable(
  "operator_tokens",
  {
    id: text("id").primaryKey().notNull(),
    teamId: teamId(),
    operatorId: text("operator_id").notNull(),
    name: text("name").notNull(),
    avatarUrl: text("avatar_url"),
    secretHash: text("secret_hash").notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    revokedAt: integer("revoked_at"),
  },
  (table) => [
    index("idx_operator_tokens_operator").on(table.teamId, table.operatorId),
    index("idx_operator_tokens_expires_at").on(table.expiresAt),
  ],
);

/**
 * What happened to credentials, keys and people's data. The key is the order of the list, so that an event is one row
 * written; an event that is delivered again has the same time and id. It outlives its session, hence no foreign key.
 */
export const auditEvents = sqliteTable(
  "audit_events",
  {
    teamId: teamId(),
    /** Epoch milliseconds. */
    at: integer("at").notNull(),
    id: text("id").notNull(),
    sessionId: text("session_id"),
    type: text("type").$type<AuditEventType>().notNull(),
    actorKind: text("actor_kind").$type<AuditActor["kind"]>().notNull(),
    actorId: text("actor_id"),
    details: text("details", { mode: "json" }).$type<JsonObject>(),
  },
  (table) => [
    primaryKey({ columns: [table.teamId, table.at, table.id] }),
    // For the erasure of one session's.
    index("idx_audit_events_session_id").on(table.sessionId).where(sql`session_id IS NOT NULL`),
  ],
);

/** Projected from the objects; `version` is the object's and only ever grows. */
export const sessions = sqliteTable(
  "sessions",
  {
    id: text("id").primaryKey().notNull(),
    teamId: teamId(),
    /** HMAC under the team's key, never the fingerprint itself. */
    userFingerprint: text("user_fingerprint"),
    deviceInfo: text("device_info", { mode: "json" }).$type<DeviceInfo>().notNull(),
    locationInfo: text("location_info", { mode: "json" }).$type<LocationInfo>().notNull(),
    status: text("status").$type<SessionStatus>().notNull(),
    lastAccessed: integer("last_accessed").notNull(),
    expiresAt: integer("expires_at").notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    version: integer("version").notNull(),
    archivedAt: integer("archived_at"),
    userId: text("user_id"),
    endedAt: integer("ended_at"),
    endReason: text("end_reason").$type<EndReason>(),
    /** Copies out of the JSON columns, for the filters of lists. */
    country: text("country"),
    deviceType: text("device_type").$type<DeviceType>(),
  },
  (table) => [
    // `id` is named although every index ends with it anyway: only declared columns serve the keyset (last_accessed, id).
    index("idx_sessions_team_id").on(table.teamId, table.status, table.lastAccessed, table.id),
    index("idx_sessions_last_accessed").on(table.teamId, table.lastAccessed, table.id),
    index("idx_sessions_user_fingerprint")
      .on(table.teamId, table.userFingerprint, table.lastAccessed, table.id)
      .where(sql`user_fingerprint IS NOT NULL`),
    index("idx_sessions_user_id")
      .on(table.teamId, table.userId, table.lastAccessed, table.id)
      .where(sql`user_id IS NOT NULL`),
    // What a team has that is due to expire; an ended session costs no entry.
    index("idx_sessions_expires_at")
      .on(table.teamId, table.expiresAt, table.id)
      .where(sql`status = 'active'`),
    // What is due to be archived, and after that to be purged: an ended session is in one of the two.
    index("idx_sessions_to_archive")
      .on(table.teamId, table.endedAt, table.id)
      .where(sql`ended_at IS NOT NULL AND archived_at IS NULL`),
    index("idx_sessions_to_purge")
      .on(table.teamId, table.endedAt, table.id)
      .where(sql`archived_at IS NOT NULL`),
    // The counters hold one column for each end reason and derive the statuses from them.
    check(
      "sessions_end",
      sql`status || ':' || coalesce(end_reason, '') IN ('active:', 'expired:idle', 'expired:absolute', 'terminated:terminated', 'terminated:erased') AND (status = 'active') = (ended_at IS NULL)`,
    ),
  ],
);

/** The session comes first in the key: clients may name a conversation when they import one, but only in their session. */
export const conversations = sqliteTable(
  "conversations",
  {
    sessionId: text("session_id")
      .notNull()
      .references(() => sessions.id, { onDelete: "cascade" }),
    id: text("id").notNull(),
    teamId: teamId(),
    status: text("status").$type<ConversationStatus>().notNull(),
    handledBy: text("handled_by").$type<ConversationHandler>().notNull().default("bot"),
    assignee: text("assignee"),
    version: integer("version").notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.sessionId, table.id] }),
    check("conversations_status", sql`status IN ('open', 'pending', 'closed')`),
  ],
);

/** Files of sessions that are uploaded; their bytes are in the bucket, and what holds is the object's row. */
export const files = sqliteTable(
  "files",
  {
    sessionId: text("session_id")
      .notNull()
      .references(() => sessions.id, { onDelete: "cascade" }),
    id: text("id").notNull(),
    teamId: teamId(),
    name: text("name").notNull(),
    type: text("type").notNull(),
    size: integer("size").notNull(),
    version: integer("version").notNull(),
    createdAt: integer("created_at").notNull(),
    /** When its bytes have to be gone; null while it is not deleted. */
    removeAt: integer("remove_at"),
  },
  (table) => [
    primaryKey({ columns: [table.sessionId, table.id] }),
    index("idx_files_remove_at")
      .on(table.teamId, table.removeAt, table.sessionId)
      .where(sql`remove_at IS NOT NULL`),
  ],
);

/** Sessions that are gone: what still comes of one is not written. Kept for 7 days, longer than anything is retried late. */
export const purged = sqliteTable(
  "purged",
  {
    /** Hex of SHA-256 of the session's id. */
    idHash: text("id_hash").primaryKey().notNull(),
    at: integer("at").notNull(),
  },
  (table) => [index("idx_purged_at").on(table.at)],
);

/** How far each search for what belongs to nothing has come: the next run goes on there. */
export const sweeps = sqliteTable("sweeps", {
  name: text("name").primaryKey().notNull(),
  position: text("position").notNull(),
  updatedAt: integer("updated_at").notNull(),
});

/** What the last runs of the cleanup did, for `metrics`. */
export const cleanupRuns = sqliteTable("cleanup_runs", {
  /** Epoch milliseconds; the key. */
  startedAt: integer("started_at").primaryKey(),
  durationMs: integer("duration_ms").notNull(),
  result: text("result", { mode: "json" }).$type<CleanupResult>().notNull(),
});

/**
 * Sessions whose events do not get through to the team's webhook, once they have failed for a while; one that gets
 * through again is deleted. It tells the team, and the hourly run whom to resume; the truth is the object's cursor.
 */
export const webhookFailures = sqliteTable(
  "webhook_failures",
  {
    teamId: teamId(),
    sessionId: text("session_id").notNull(),
    webhookId: text("webhook_id").notNull(),
    failingSince: integer("failing_since").notNull(),
    attempts: integer("attempts").notNull(),
    lastError: text("last_error").notNull(),
    stoppedAt: integer("stopped_at"),
  },
  (table) => [primaryKey({ columns: [table.teamId, table.sessionId] })],
);

/**
 * What `stats` answers from, one row a team. Triggers on `sessions` keep it in the statement that changes a session:
 * the plain columns count the rows that are there, the `purged_` ones those that were deleted.
 */
export const teamCounters = sqliteTable("team_counters", {
  teamId: text("team_id")
    .primaryKey()
    .notNull()
    .references(() => teams.id),
  total: counter("total"),
  idle: counter("idle"),
  absolute: counter("absolute"),
  terminated: counter("terminated"),
  erased: counter("erased"),
  /** Sum of last_accessed − created_at. */
  durationMs: counter("duration_ms"),
  purgedTotal: counter("purged_total"),
  purgedIdle: counter("purged_idle"),
  purgedAbsolute: counter("purged_absolute"),
  purgedTerminated: counter("purged_terminated"),
  purgedErased: counter("purged_erased"),
  purgedDurationMs: counter("purged_duration_ms"),
});

function teamId() {
  return text("team_id")
    .notNull()
    .references(() => teams.id);
}

function counter<Name extends string>(name: Name) {
  return integer(name).notNull().default(0);
}
