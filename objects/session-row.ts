// The one row of the `session` table.
import type { TeamSettings, WebhookSettings } from "../src/domain/policy.ts";
import type { SessionRecord } from "../src/domain/session-state.ts";
import type { Side } from "../src/protocol/frames.ts";
import type {
  DeviceInfo,
  EndReason,
  LocationInfo,
  SessionStatus,
} from "../src/protocol/session.ts";
import type { TeamPolicy } from "../src/protocol/team.ts";

/** The record, and what the object keeps about the team and the index. */
export interface StoredSession {
  readonly record: SessionRecord;
  readonly team: TeamSettings;
  readonly indexedAt: number;
  readonly indexedAccess: number;
  readonly socketsClosedAt: number | null;
  /** The log's last `seq` when the session was identified; null while it is nobody's. */
  readonly identifiedAfterSeq: number | null;
  /** Epoch milliseconds. */
  readonly identifiedAt: number | null;
  /** Whether its idempotency key still opens it, as far as nobody has been shut out. */
  readonly isKeyGood: boolean;
  /** What of its log is in the bucket instead; null while it is here. */
  readonly archive: Archived | null;
  /** When somebody asked for all of it to be gone, epoch milliseconds. */
  readonly eraseAskedAt: number | null;
  /** The epoch of the index that all of it was last projected in. */
  readonly indexEpoch: number;
}

/** The log as it was when it was archived. */
export interface Archived {
  readonly messages: number;
  readonly lastSeq: number;
  readonly totalBytes: number;
  /** Hex of SHA-256 over the transcript before it was compressed. */
  readonly sha256: string;
  /** By conversation, those that have messages: how many the other side wrote that `visitor` or `team` never read. */
  readonly threads: Readonly<Record<string, ArchivedThread>>;
}

export interface ArchivedThread {
  readonly lastSeq: number;
  readonly unread: Readonly<Record<Side, number>>;
}

/** Undefined where no session was created. */
export function readSessionRow(sql: SqlStorage): StoredSession | undefined {
  const row = sql.exec<SessionRow>("SELECT * FROM session").toArray()[0];
  if (row === undefined) return undefined;
  return {
    record: {
      id: row.id,
      teamId: row.team_id,
      teamNumber: row.team_number,
      status: row.status as SessionStatus,
      endReason: row.end_reason as EndReason | null,
      endedAt: row.ended_at,
      archivedAt: row.archived_at,
      version: row.version,
      userId: row.user_id,
      userFingerprint: row.user_fingerprint,
      deviceInfo: JSON.parse(row.device_info) as DeviceInfo,
      locationInfo: JSON.parse(row.location_info) as LocationInfo,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      lastAccessed: row.last_accessed,
      defaultConversationId: row.default_conversation_id,
    },
    team: {
      id: row.team_id,
      number: row.team_number,
      revision: row.team_revision,
      policy: JSON.parse(row.team_policy) as TeamPolicy,
      webhook: row.team_webhook === null ? null : (JSON.parse(row.team_webhook) as WebhookSettings),
    },
    indexedAt: row.indexed_at,
    indexedAccess: row.indexed_access,
    socketsClosedAt: row.sockets_closed_at,
    identifiedAfterSeq: row.identified_after_seq,
    identifiedAt: row.identified_at,
    isKeyGood: row.key_good === 1,
    archive: row.archive === null ? null : (JSON.parse(row.archive) as Archived),
    eraseAskedAt: row.erase_asked_at,
    indexEpoch: row.index_epoch,
  };
}

/** The session as given, in place of what was stored. */
export function saveSessionRow(sql: SqlStorage, stored: StoredSession): void {
  const { record, team, indexedAt, indexedAccess, socketsClosedAt } = stored;
  sql.exec(
    `INSERT OR REPLACE INTO session (single, id, team_id, team_number, status, end_reason, ended_at, version, user_id,
       user_fingerprint, device_info, location_info, created_at, updated_at, last_accessed, default_conversation_id,
       team_revision, team_policy, team_webhook, indexed_at, indexed_access, sockets_closed_at, identified_after_seq,
       identified_at, key_good, archived_at, archive, erase_asked_at, index_epoch)
     VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    record.id,
    record.teamId,
    record.teamNumber,
    record.status,
    record.endReason,
    record.endedAt,
    record.version,
    record.userId,
    record.userFingerprint,
    JSON.stringify(record.deviceInfo),
    JSON.stringify(record.locationInfo),
    record.createdAt,
    record.updatedAt,
    record.lastAccessed,
    record.defaultConversationId,
    team.revision,
    JSON.stringify(team.policy),
    team.webhook && JSON.stringify(team.webhook),
    indexedAt,
    indexedAccess,
    socketsClosedAt,
    stored.identifiedAfterSeq,
    stored.identifiedAt,
    stored.isKeyGood ? 1 : 0,
    record.archivedAt,
    stored.archive && JSON.stringify(stored.archive),
    stored.eraseAskedAt,
    stored.indexEpoch,
  );
}

type SessionRow = {
  id: string;
  team_id: string;
  team_number: number;
  status: string;
  end_reason: string | null;
  ended_at: number | null;
  version: number;
  user_id: string | null;
  user_fingerprint: string | null;
  device_info: string;
  location_info: string;
  created_at: number;
  updated_at: number;
  last_accessed: number;
  default_conversation_id: string;
  team_revision: number;
  team_policy: string;
  team_webhook: string | null;
  indexed_at: number;
  indexed_access: number;
  sockets_closed_at: number | null;
  identified_after_seq: number | null;
  identified_at: number | null;
  key_good: number;
  archived_at: number | null;
  archive: string | null;
  erase_asked_at: number | null;
  index_epoch: number;
};
