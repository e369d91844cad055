// A file's life: uploaded, taken by a message, deleted, gone. Its bytes lie elsewhere; what is said of them here holds.
import type { StoredAttachment } from "../protocol/file.ts";
import type { Side } from "../protocol/frames.ts";
import {
  DELETED_FILE_KEPT_MS,
  MAX_FILE_BYTES_PER_SESSION,
  MAX_FILES_PER_SESSION,
  UNSENT_FILE_MS,
  UPLOAD_RETRY_MS,
  UPLOAD_TIMEOUT_MS,
} from "../protocol/limits.ts";
import { type CallerRole, sideOf } from "./access.ts";

export type FileState = "uploading" | "stored" | "deleted";

/** Times are epoch milliseconds. */
export interface FileRecord {
  readonly id: string;
  readonly side: Side;
  /** Chosen by the uploader. */
  readonly clientId: string;
  /** Whose credential uploaded it; null for the team's. */
  readonly credentialId: string | null;
  readonly name: string;
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  readonly state: FileState;
  /** Of the message that took it. */
  readonly seq: number | null;
  readonly createdAt: number;
  /** Grows with what the index is to know; while it is 1, the index knows nothing of the file. */
  readonly version: number;
  /** When it is to go: an upload that broke off, a file that no message took, bytes that were kept long enough. */
  readonly dueAt: number | null;
  /** How often its bytes could not be deleted. */
  readonly attempts: number;
}

export interface FileTotals {
  readonly files: number;
  readonly bytes: number;
}

/** A file whose bytes are about to come. */
export function newFile(
  fields: Pick<FileRecord, "id" | "side" | "clientId" | "credentialId" | "name" | "type" | "size">,
  now: number,
): FileRecord {
  return {
    ...fields,
    state: "uploading",
    seq: null,
    createdAt: now,
    version: 1,
    dueAt: now + UPLOAD_TIMEOUT_MS,
    attempts: 0,
  };
}

/** After how long an upload under the same name may take the place of this one. */
export function retryableAfterMs({ createdAt }: FileRecord, now: number): number {
  return Math.max(0, createdAt + UPLOAD_RETRY_MS - now);
}

/** Why a session that has `counted` takes no file of `size` bytes more, if so. */
export function quotaRefusal(
  counted: FileTotals,
  size: number,
): "too_many_files" | "quota_exceeded" | undefined {
  if (counted.files >= MAX_FILES_PER_SESSION) return "too_many_files";
  return counted.bytes + size > MAX_FILE_BYTES_PER_SESSION ? "quota_exceeded" : undefined;
}

/** All of its bytes have come. */
export function uploaded(file: FileRecord, now: number): FileRecord {
  return { ...file, state: "stored", version: file.version + 1, dueAt: now + UNSENT_FILE_MS };
}

/** A message took it, and it stays as long as that does. */
export function taken(file: FileRecord, seq: number): FileRecord {
  return { ...file, seq, dueAt: null };
}

/** It opens to nobody any more; its bytes go at `dueAt`. One that the index never heard of, it need not hear of now. */
export function deleted(file: FileRecord, dueAt: number): FileRecord {
  const version = isIndexed(file) ? file.version + 1 : file.version;
  return { ...file, state: "deleted", version, dueAt };
}

export function keptUntil(now: number): number {
  return now + DELETED_FILE_KEPT_MS;
}

export function isIndexed({ version }: FileRecord): boolean {
  return version > 1;
}

/** Whether a message by `side` may take it. */
export function isFree(file: FileRecord, side: Side): boolean {
  return file.state === "stored" && file.seq === null && file.side === side;
}

/** Guests delete what they uploaded, owners what their side did, the team all. */
export function mayDelete(
  file: Pick<FileRecord, "side" | "credentialId">,
  role: CallerRole,
  credentialId: string | null,
): boolean {
  if (sideOf(role) === "team") return true;
  if (role === "owner") return file.side === "visitor";
  return file.credentialId !== null && file.credentialId === credentialId;
}

/**
 * Of deleted files, those first that go first, the ones that there is no room to keep: together they may hold as much as
 * the others may, so that uploading and deleting in turns does not fill the bucket.
 */
export function beyondKeeping<T extends Pick<FileRecord, "size">>(
  kept: readonly T[],
): readonly T[] {
  let { length: files } = kept;
  let bytes = kept.reduce((sum, { size }) => sum + size, 0);
  const first = kept.findIndex(({ size }) => {
    if (files <= MAX_FILES_PER_SESSION && bytes <= MAX_FILE_BYTES_PER_SESSION) return true;
    files--;
    bytes -= size;
    return false;
  });
  return kept.slice(0, first === -1 ? kept.length : first);
}

/** What messages say of it. */
export function attachmentOf({ id, name, type, size }: FileRecord): StoredAttachment {
  return { fileId: id, name, type, size };
}
