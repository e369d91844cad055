// From a backup back into the index: the administrator's operation, in pieces, each safe to repeat.
import type { Caller } from "../../caller.ts";
import { TEAM_NUMBERS_KEPT_FREE } from "../../domain/backup.ts";
import { log } from "../../log.ts";
import type { Failure, Result } from "../../protocol/errors.ts";
import {
  BACKUP_TABLES,
  type BackupTable,
  type RestoreAnswer,
  type RestoreRequest,
} from "../../protocol/recovery.ts";
import type { Services } from "../../services.ts";
import {
  conflictingTeams,
  forgetErased,
  numberTeamsAbove,
  restoreRows,
} from "../../session-index/backup.ts";
import { chunks } from "../../session-index/chunks.ts";
import { type IndexDatabase, teamsDatabase } from "../../session-index/databases.ts";
import { adminRefusal } from "../teams.ts";
import {
  type BackupFile,
  backupDates,
  type Manifest,
  readBackupFile,
  readManifest,
} from "./files.ts";

const NO_BACKUP: Failure = { ok: false, code: "backup_not_found" };

/** Rows of one call, as far as whole files allow. */
const ROWS_PER_CALL = 20_000;

/** A policy may be some kilobytes long, and D1 takes a value of 2 MB. */
const ROWS_PER_STATEMENT = 200;

/** Restores a day's backup, and the audit events of those before it; what is there and not older stays. */
export async function restore(
  { env }: Services,
  caller: Caller,
  { date, after }: RestoreRequest,
): Promise<Result<RestoreAnswer>> {
  const refusal = adminRefusal(caller);
  if (refusal) return refusal;
  const manifests = await manifestsUpTo(env, date);
  const manifest = manifests.at(-1);
  if (manifest === undefined || (date !== undefined && manifest.date !== date)) return NO_BACKUP;

  const database = teamsDatabase(env);
  const files = filesOf(manifest, manifests);
  const done = after === undefined ? 0 : files.findIndex(({ key }) => key === after) + 1;
  if (after !== undefined && done === 0) return NO_BACKUP;
  const restored = Object.fromEntries(BACKUP_TABLES.map((table) => [table, 0])) as Record<
    BackupTable,
    number
  >;
  const conflicts: string[] = [];
  let next = done;
  for (let rows = 0; next < files.length && rows < ROWS_PER_CALL; next++) {
    const file = files[next] as BackupFile;
    const read = await readBackupFile(env.BUCKET, file);
    if (!read.ok) return { ...read, message: file.key };
    for (const some of chunks(read.rows, ROWS_PER_STATEMENT)) {
      restored[file.table] += await restoreRows(database, file.table, read.columns, some);
      if (file.table === "teams") conflicts.push(...(await conflictingTeams(database, some)));
    }
    rows += read.rows.length;
  }
  if (next === files.length) await finish(database, manifest);
  log.info({ event: "backup_restored", date: manifest.date, ...restored });
  const nextAfter = next < files.length ? files[next - 1]?.key : undefined;
  return {
    ok: true,
    date: manifest.date,
    restored,
    conflicts,
    ...(nextAfter !== undefined && { nextAfter }),
  };
}

/** Complete backups until `date`, the oldest first. */
async function manifestsUpTo(env: Env, date: string | undefined): Promise<readonly Manifest[]> {
  const dates = await backupDates(env.BUCKET);
  const manifests = await Promise.all(
    dates
      .filter((one) => date === undefined || one <= date)
      .map((one) => readManifest(env.BUCKET, one)),
  );
  return manifests.filter((manifest) => manifest !== undefined).reverse();
}

/** Tables as they were in the last backup; of the events, each backup holds its own. */
function filesOf(last: Manifest, all: readonly Manifest[]): readonly BackupFile[] {
  const isOfEvents = ({ table }: BackupFile) => table === "audit_events";
  return [
    ...last.files.filter((file) => !isOfEvents(file)),
    ...all.flatMap(({ files }) => files.filter(isOfEvents)),
  ];
}

async function finish(database: IndexDatabase, { lastTeamNumber }: Manifest): Promise<void> {
  await numberTeamsAbove(database, lastTeamNumber + TEAM_NUMBERS_KEPT_FREE);
  await forgetErased(database);
}
