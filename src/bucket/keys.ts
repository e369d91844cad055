// Where what lies in the bucket. Everything of one session is under two prefixes, so that it can be found without a list of it.

const FILES = "files/";
const TRANSCRIPTS = "transcripts/";

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
