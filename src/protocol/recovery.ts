// How the index comes back after it was lost: from a backup, and from the sessions themselves.

/** Objects that are asked in one call. */
export const MAX_REINDEX_OBJECTS = 100;

/**
 * What came of asking an object to project itself: the index has it; the index failed, and the object goes on trying by
 * itself; the index refused it, as it does where the team is missing; no session is there, or no more; the object did not
 * answer; the id is no session's.
 */
export const REINDEX_OUTCOMES = [
  "projected",
  "waiting",
  "refused",
  "absent",
  "failed",
  "invalid",
] as const;
export type ReindexOutcome = (typeof REINDEX_OUTCOMES)[number];

export interface ReindexRequest {
  /** As Cloudflare lists them: 64 hexadecimal digits. */
  readonly objectIds: readonly string[];
}

export interface ReindexAnswer {
  readonly objects: readonly { readonly objectId: string; readonly outcome: ReindexOutcome }[];
}

export interface RestoreRequest {
  /** The day of the backup in UTC, `YYYY-MM-DD`; the newest where it is left out. */
  readonly date?: string;
  /** `nextAfter` of the answer before. */
  readonly after?: string;
}

/** The tables that a backup holds. */
export const BACKUP_TABLES = [
  "teams",
  "team_keys",
  "identity_keys",
  "team_counters",
  "audit_events",
] as const;
export type BackupTable = (typeof BACKUP_TABLES)[number];

export interface RestoreAnswer {
  readonly date: string;
  /** Rows that were not there, or older. */
  readonly restored: Readonly<Record<BackupTable, number>>;
  /** Ids of teams that are there under another number, or whose number another team has. */
  readonly conflicts: readonly string[];
  /** Where to go on; left out when all is restored. */
  readonly nextAfter?: string;
}
