// What lies on disk, as miniflare keeps it, read while nobody has it open: D1, the bucket, and every object.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

type Row = Record<string, unknown>;

export interface ObjectOnDisk {
  /** Undefined of one that is purged, or was never more than looked at. */
  readonly sessionId: string | undefined;
  readonly isPurged: boolean;
  readonly files: readonly { readonly id: string; readonly state: string }[];
  /** What the index has yet to hear, by entity. */
  readonly outbox: readonly string[];
  readonly messages: number;
  readonly isArchived: boolean;
}

export interface OnDisk {
  readonly sessions: ReadonlySet<string>;
  /** `<session>/<file>`. */
  readonly files: ReadonlySet<string>;
  readonly keys: ReadonlySet<string>;
  readonly objects: readonly ObjectOnDisk[];
}

export function readDisk(state: string): OnDisk {
  const [index] = open(join(state, "d1"), "sessions");
  const [bucket] = open(join(state, "r2"), "_mf_objects");
  if (index === undefined || bucket === undefined) throw new Error("no storage where it was");
  const column = (database: DatabaseSync, sql: string) =>
    new Set(
      database
        .prepare(sql)
        .all()
        .map((row) => String(Object.values(row)[0])),
    );
  const read = {
    sessions: column(index, "SELECT id FROM sessions"),
    files: column(index, "SELECT session_id || '/' || id FROM files"),
    keys: column(bucket, "SELECT key FROM _mf_objects"),
    objects: open(join(state, "do"), "index_outbox", "purged").map(readObject),
  };
  index.close();
  bucket.close();
  return read;
}

function readObject(database: DatabaseSync): ObjectOnDisk {
  const all = (sql: string) => database.prepare(sql).all() as Row[];
  const tables = all("SELECT name FROM sqlite_master").map(({ name }) => name);
  const isPurged = !tables.includes("session");
  const session = isPurged ? undefined : all("SELECT id, archived_at FROM session")[0];
  const read = {
    sessionId: session && String(session.id),
    isPurged,
    files: isPurged ? [] : (all("SELECT id, state FROM files") as { id: string; state: string }[]),
    outbox: isPurged ? [] : all("SELECT entity FROM index_outbox").map((row) => String(row.entity)),
    messages: isPurged ? 0 : Number(all("SELECT count(*) AS n FROM messages")[0]?.n),
    isArchived: session !== undefined && session.archived_at !== null,
  };
  database.close();
  return read;
}

/** The databases under a folder that have one of these tables. */
function open(folder: string, ...tables: readonly string[]): DatabaseSync[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files
    .filter((name) => name.endsWith(".sqlite") && !name.endsWith("metadata.sqlite"))
    .map((name) => new DatabaseSync(join(folder, name)))
    .filter((database) => {
      const named = tables.map((name) => `'${name}'`).join();
      const sql = `SELECT 1 FROM sqlite_master WHERE name IN (${named})`;
      const isMeant = database.prepare(sql).get() !== undefined;
      if (!isMeant) database.close();
      return isMeant;
    });
}
