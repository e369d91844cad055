// How a session's life ends: what is archived, taken out, and removed.

/** What was removed, when, and a checksum of it, for whoever asked: nothing of it is kept but a line of the audit trail. */
export interface EraseReceipt {
  readonly sessionId: string;
  /** ISO 8601, UTC. */
  readonly erasedAt: string;
  readonly removed: {
    readonly conversations: number;
    readonly messages: number;
    readonly files: number;
    /** Of the files. */
    readonly bytes: number;
    readonly credentials: number;
  };
  /**
   * Hex of SHA-256 over the export of the session as it was, each line with its line feed; of messages that were archived,
   * the transcript's own SHA-256 stands there.
   */
  readonly checksum: string;
}

/** What one run of the cleanup did. */
export interface CleanupResult {
  readonly expiredSessions: number;
  readonly archivedConversations: number;
  readonly archivedFiles: number;
  readonly purgedSessions: number;
  /** Rows of the index, and files, that belonged to nothing and are gone. */
  readonly removedOrphans: number;
  /** Rows of the index that were older than their session. */
  readonly repairedRows: number;
  /** Whether there is more to do at once. */
  readonly more: boolean;
}

/** Version of the lines of an export and of an archived transcript. */
export const TRANSCRIPT_VERSION = 1;
