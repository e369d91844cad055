// Files of a session as rows: while one is kept, deleted or not, there is a row of it.
import { and, eq, sql } from "drizzle-orm";
import type { FileRecord } from "../domain/file.ts";
import { chunks } from "./chunks.ts";
import type { IndexDatabase } from "./databases.ts";
import { unlessPurged } from "./purged.ts";
import { files } from "./schema.ts";

/** A file that has changed; undefined where it is gone, the last of its bytes too. */
export interface FileChange {
  readonly id: string;
  readonly file: FileRecord | undefined;
}

/** D1 binds at most 100 values a statement; a file has 9, and one is the session's hash. */
const FILES_PER_STATEMENT = 11;

/** What writes the changes; a row only ever gives way to a higher version of itself. */
export function fileStatements(
  database: IndexDatabase,
  session: { readonly id: string; readonly teamId: string },
  changes: readonly FileChange[],
  idHash: string,
) {
  const there = changes.flatMap(({ file }) => file ?? []);
  const gone = changes.filter(({ file }) => file === undefined);
  return [
    ...chunks(there, FILES_PER_STATEMENT).map((some) =>
      upsertFiles(database, session, some, idHash),
    ),
    ...gone.map(({ id }) =>
      database.delete(files).where(and(eq(files.sessionId, session.id), eq(files.id, id))),
    ),
  ];
}

function upsertFiles(
  database: IndexDatabase,
  session: { readonly id: string; readonly teamId: string },
  some: readonly FileRecord[],
  idHash: string,
) {
  const rows = some.map((file) => ({
    sessionId: session.id,
    id: file.id,
    teamId: session.teamId,
    name: file.name,
    type: file.type,
    size: file.size,
    version: file.version,
    createdAt: file.createdAt,
    removeAt: file.state === "deleted" ? file.dueAt : null,
  }));
  return database
    .insert(files)
    .select(unlessPurged(files, rows, idHash))
    .onConflictDoUpdate({
      target: [files.sessionId, files.id],
      // A file is what it was uploaded as; all that may change is when it goes.
      set: { version: sql`excluded.version`, removeAt: sql`excluded.remove_at` },
      setWhere: sql`excluded.version > ${files.version}`,
    });
}
