// Where what lies in the bucket. Everything of one session is under two prefixes, so that it can be found without a list of it.

const FILES = "files/";
const TRANSCRIPTS = "transcripts/";

/** Of the daily backups, a folder each, named by its day. */
export const BACKUPS_PREFIX = "backups/";

/** Of a session's files. */
export function filesPrefix(sessionId: string): string {
  return `${FILES}${sessionId}/`;
}

export function fileKey(sessionId: string, fileId: string): string {
  return `${filesPrefix(sessionId)}${fileId}`;
}

/** Of a session's archived transcript: NDJSON, gzipped. */
export function transcriptKey(sessionId: string): string {
  return `${TRANSCRIPTS}${sessionId}.ndjson.gz`;
}

/** Of a day's backup; also of attempts at it that came to nothing. */
export function backupPrefix(date: string): string {
  return `${BACKUPS_PREFIX}${date}/`;
}

/** What a day's backup is made of. It is there once all of that is. */
export function backupManifestKey(date: string): string {
  return `${backupPrefix(date)}manifest.json`;
}

/** A piece of a table. Each attempt at a day's backup writes under a name of its own. */
export function backupFileKey(date: string, attempt: string, table: string, piece: number): string {
  return `${backupPrefix(date)}${attempt}/${table}-${String(piece).padStart(4, "0")}.ndjson.gz`;
}

/** The session that a key belongs to, and which file of it; undefined for what belongs to none. */
export function readKey(
  key: string,
): { readonly sessionId: string; readonly fileId: string | undefined } | undefined {
  const file = /^files\/([^/]+)\/([^/]+)$/.exec(key);
  if (file?.[1] !== undefined) return { sessionId: file[1], fileId: file[2] };
  const transcript = /^transcripts\/([^/]+)\.ndjson\.gz$/.exec(key);
  return transcript?.[1] === undefined
    ? undefined
    : { sessionId: transcript[1], fileId: undefined };
}

/** Prefixes of all that belongs to sessions. */
export const SESSION_PREFIXES = [FILES, TRANSCRIPTS] as const;
