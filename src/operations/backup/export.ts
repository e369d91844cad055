// The daily backup: what only the index knows, into the bucket, a piece at a time.
import { backupDate, backupDays, eventsFrom, isBackupExpired } from "../../domain/backup.ts";
import { log } from "../../log.ts";
import { BACKUP_TABLES } from "../../protocol/recovery.ts";
import {
  type BackupRow,
  backupColumns,
  backupPage,
  lastTeamNumber,
} from "../../session-index/backup.ts";
import { teamsDatabase } from "../../session-index/databases.ts";
import {
  type BackupFile,
  backupDates,
  deleteBackup,
  type Manifest,
  readManifest,
  writeBackupFile,
  writeManifest,
} from "./files.ts";

/** One file is held in memory when it is restored. */
const PAGES_PER_FILE = 10;

/** Makes today's backup if there is none, and deletes those that have been kept long enough. Never fails: it comes again. */
export async function backUp(env: Env, now: number): Promise<void> {
  const date = backupDate(now);
  try {
    const dates = await backupDates(env.BUCKET);
    if ((await readManifest(env.BUCKET, date)) === undefined) {
      const { files } = await exportIndex(env, date, await newestBefore(env, dates, date), now);
      const rows = files.reduce((sum, file) => sum + file.rows, 0);
      log.info({ event: "backup_made", date, files: files.length, rows });
    }
    const days = backupDays(env.BACKUP_DAYS);
    for (const old of dates.filter((one) => isBackupExpired(one, days, now))) {
      await deleteBackup(env.BUCKET, old);
      log.info({ event: "backup_deleted", date: old });
    }
  } catch (error) {
    log.error({ event: "backup_failed", date, error: String(error) });
  }
}

async function newestBefore(
  env: Env,
  dates: readonly string[],
  date: string,
): Promise<Manifest | undefined> {
  for (const earlier of dates.filter((one) => one < date)) {
    const manifest = await readManifest(env.BUCKET, earlier);
    if (manifest !== undefined) return manifest;
  }
  return undefined;
}

async function exportIndex(
  env: Env,
  date: string,
  before: Manifest | undefined,
  now: number,
): Promise<{ readonly files: readonly BackupFile[] }> {
  const attempt = crypto.randomUUID();
  const window = { from: eventsFrom(before?.eventsUntil), until: now };
  const database = teamsDatabase(env);
  const files: BackupFile[] = [];
  for (const table of BACKUP_TABLES) {
    const rows = new Pages((last) => backupPage(database, table, window, last));
    for (let piece = 1; await rows.hasMore(); piece++) {
      const of = { date, attempt, table };
      const columns = backupColumns(table);
      files.push(await writeBackupFile(env.BUCKET, of, piece, columns, rows.take(PAGES_PER_FILE)));
    }
  }
  await writeManifest(env.BUCKET, {
    date,
    eventsUntil: now,
    lastTeamNumber: await lastTeamNumber(database),
    files,
  });
  return { files };
}

/** A table, page by page, one of them ahead. */
class Pages {
  readonly #read: (last: BackupRow | undefined) => Promise<readonly BackupRow[]>;
  #next: readonly BackupRow[] | undefined;

  constructor(read: (last: BackupRow | undefined) => Promise<readonly BackupRow[]>) {
    this.#read = read;
  }

  async hasMore(): Promise<boolean> {
    this.#next ??= await this.#read(undefined);
    return this.#next.length > 0;
  }

  /** The next `count` pages, as far as there are as many. */
  async *take(count: number): AsyncGenerator<readonly BackupRow[]> {
    for (let page = 0; page < count && (await this.hasMore()); page++) {
      const rows = this.#next ?? [];
      this.#next = await this.#read(rows.at(-1));
      yield rows;
    }
  }
}
