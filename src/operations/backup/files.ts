// What a backup is made of in the bucket: a manifest, and pieces of tables, gzipped NDJSON between a line that says what it
// is and one that says how much came before, and what its SHA-256 is. A day's backup is there once its manifest is.
import { bucketCall } from "../../bucket/call.ts";
import {
  BACKUPS_PREFIX,
  backupFileKey,
  backupManifestKey,
  backupPrefix,
} from "../../bucket/keys.ts";
import { LineDigest } from "../../bucket/lines.ts";
import { openLines, readLines } from "../../bucket/read-lines.ts";
import { writeLines } from "../../bucket/write-lines.ts";
import type { Failure, Result } from "../../protocol/errors.ts";
import type { BackupTable } from "../../protocol/recovery.ts";
import type { BackupRow } from "../../session-index/backup.ts";

const FORMAT = "durable-sessions-backup";
const VERSION = 1;

export interface Manifest {
  readonly format: typeof FORMAT;
  readonly version: number;
  readonly date: string;
  /** Events before this, epoch milliseconds, are in this backup or an earlier one. */
  readonly eventsUntil: number;
  /** The highest number that a team had had. */
  readonly lastTeamNumber: number;
  /** In the order in which they are restored. */
  readonly files: readonly BackupFile[];
}

export interface BackupFile {
  readonly key: string;
  readonly table: BackupTable;
  readonly rows: number;
}

interface FileHeader {
  readonly format: typeof FORMAT;
  readonly version: number;
  readonly table: BackupTable;
  readonly columns: readonly string[];
}

interface FileEnd {
  readonly end: true;
  readonly rows: number;
  /** Hex of SHA-256 over the lines before this one. */
  readonly sha256: string;
}

/** The days that have a backup, or an attempt at one, the newest first. Throws `BucketError`. */
export async function backupDates(bucket: R2Bucket): Promise<readonly string[]> {
  const dates: string[] = [];
  for (let cursor: string | undefined, more = true; more; ) {
    const listed = await bucketCall(
      bucket.list({
        prefix: BACKUPS_PREFIX,
        delimiter: "/",
        ...(cursor !== undefined && { cursor }),
      }),
    );
    for (const prefix of listed.delimitedPrefixes) {
      dates.push(prefix.slice(BACKUPS_PREFIX.length, -1));
    }
    more = listed.truncated;
    cursor = listed.truncated ? listed.cursor : undefined;
  }
  return dates.sort().reverse();
}

/** A day's backup; undefined where none is complete. Throws `BucketError`. */
export async function readManifest(bucket: R2Bucket, date: string): Promise<Manifest | undefined> {
  const stored = await bucketCall(bucket.get(backupManifestKey(date)));
  return stored === null ? undefined : parsed<Manifest>(await bucketCall(stored.text()));
}

/** Declares a day's backup complete, unless another attempt was faster. Throws `BucketError`. */
export async function writeManifest(
  bucket: R2Bucket,
  manifest: Omit<Manifest, "format" | "version">,
): Promise<void> {
  const text = JSON.stringify({ format: FORMAT, version: VERSION, ...manifest });
  const onlyIf = new Headers({ "If-None-Match": "*" });
  await bucketCall(bucket.put(backupManifestKey(manifest.date), text, { onlyIf }));
}

/** Stores rows as the `piece`th of `table`. Throws `BucketError`, and what `pages` throws. */
export async function writeBackupFile(
  bucket: R2Bucket,
  of: { readonly date: string; readonly attempt: string; readonly table: BackupTable },
  piece: number,
  columns: readonly string[],
  pages: AsyncIterable<readonly BackupRow[]>,
): Promise<BackupFile> {
  const { date, attempt, table } = of;
  const key = backupFileKey(date, attempt, table, piece);
  const header: FileHeader = { format: FORMAT, version: VERSION, table, columns };
  let rows = 0;
  async function* lines(): AsyncGenerator<readonly string[]> {
    const digest = new LineDigest();
    const first = [JSON.stringify(header)];
    await digest.addLines(first);
    yield first;
    for await (const page of pages) {
      const encoded = page.map((row) => JSON.stringify(row));
      rows += encoded.length;
      await digest.addLines(encoded);
      yield encoded;
    }
    const end: FileEnd = { end: true, rows, sha256: await digest.hex() };
    yield [JSON.stringify(end)];
  }
  await writeLines(bucket, key, lines());
  return { key, table, rows };
}

export const DAMAGED: Failure = { ok: false, code: "backup_damaged" };

/** The columns and rows of a file, once all of it proved to be what was written. Throws `BucketError`. */
export async function readBackupFile(
  bucket: R2Bucket,
  { key, table, rows }: BackupFile,
): Promise<Result<{ readonly columns: readonly string[]; readonly rows: readonly BackupRow[] }>> {
  const stored = await openLines(bucket, key);
  if (stored === undefined) return DAMAGED;
  const lines: string[] = [];
  try {
    for await (const some of readLines(stored)) lines.push(...some);
  } catch (error) {
    // It is no gzip, or the bucket stopped answering: that would fail now, too.
    if (!(await isWhole(bucket, key))) throw error;
    return DAMAGED;
  }
  const last = lines.pop();
  const digest = new LineDigest();
  await digest.addLines(lines);
  const sha256 = await digest.hex();
  const header = parsed<FileHeader>(lines.shift());
  const end = parsed<FileEnd>(last);
  const isWhatWasWritten =
    header?.format === FORMAT &&
    header.table === table &&
    end?.sha256 === sha256 &&
    end.rows === rows &&
    lines.length === rows;
  if (!isWhatWasWritten || header.version > VERSION) return DAMAGED;
  return {
    ok: true,
    columns: header.columns,
    rows: lines.map((line) => JSON.parse(line) as BackupRow),
  };
}

/** Whether the bucket gives all bytes of an object, whatever they are. */
async function isWhole(bucket: R2Bucket, key: string): Promise<boolean> {
  const stored = await bucketCall(bucket.get(key));
  if (stored === null) return true;
  const bytes = await bucketCall(stored.arrayBuffer());
  return bytes.byteLength === stored.size;
}

/** Deletes a day's backup and all attempts at it. Throws `BucketError`. */
export async function deleteBackup(bucket: R2Bucket, date: string): Promise<void> {
  // The manifest first: what is half gone must not look complete.
  await bucketCall(bucket.delete(backupManifestKey(date)));
  for (;;) {
    const { objects } = await bucketCall(bucket.list({ prefix: backupPrefix(date) }));
    if (objects.length === 0) return;
    await bucketCall(bucket.delete(objects.map(({ key }) => key)));
  }
}

function parsed<T>(line: string | undefined): T | undefined {
  try {
    return line === undefined ? undefined : JSON.parse(line);
  } catch {
    return undefined;
  }
}
