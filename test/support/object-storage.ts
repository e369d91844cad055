/** What objects write, by the runtime's own account. All objects of a test run in its isolate and share prototypes. */
import { runInDurableObject } from "cloudflare:test";
import { objectOf } from "./object-of.ts";
import { isOurs, tableText } from "./table-text.ts";

/** Rows that `act` wrote to the storage of any object; an alarm that is set and a key that is put count as one each, as on the bill. */
export async function objectRowsWritten(
  sessionId: string,
  act: () => Promise<unknown>,
): Promise<number> {
  const [sql, storage, kv] = await runInDurableObject(objectOf(sessionId), (_, ctx) => [
    Object.getPrototypeOf(ctx.storage.sql) as SqlStorage,
    Object.getPrototypeOf(ctx.storage) as DurableObjectStorage,
    Object.getPrototypeOf(ctx.storage.kv) as SyncKvStorage,
  ]);
  const { exec } = sql;
  const { setAlarm } = storage;
  const { put } = kv;
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  let alarms = 0;
  let puts = 0;
  Object.assign(sql, {
    exec(this: SqlStorage, query: string, ...values: unknown[]) {
      const cursor = exec.call(this, query, ...values);
      cursors.push(cursor);
      return cursor;
    },
  });
  Object.assign(storage, {
    setAlarm(this: DurableObjectStorage, time: number) {
      alarms++;
      return setAlarm.call(this, time);
    },
  });
  Object.assign(kv, {
    put(this: SyncKvStorage, key: string, value: unknown) {
      puts++;
      return put.call(this, key, value);
    },
  });
  try {
    await act();
  } finally {
    Object.assign(kv, { put });
    Object.assign(sql, { exec });
    Object.assign(storage, { setAlarm });
  }
  return alarms + puts + cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0);
}

/**
 * Resolves once the object has written down what the index answered to its last change: the object does so after its
 * caller has been answered. One that is purged waits for nothing.
 */
export async function indexAnswered(sessionId: string): Promise<void> {
  const outbox = "SELECT 1 FROM sqlite_master WHERE name = 'index_outbox'";
  const fresh = "SELECT 1 FROM index_outbox WHERE attempts = 0";
  const hasAnswer = () =>
    runInDurableObject(objectOf(sessionId), (_, { storage: { sql } }) =>
      [outbox, fresh].some((query) => sql.exec(query).toArray().length === 0),
    );
  while (!(await hasAnswer())) await scheduler.wait(1);
}

/** Whether a table is the session itself, and not what tells others of it in its own time. */
export function isOfTheSession(table: string): boolean {
  return !/outbox|audit/.test(table);
}

/** All rows of the tables of the session's object that are meant, as text; the bytes of a blob as latin1. */
export function objectTables(
  sessionId: string,
  isMeant: (table: string) => boolean = isOfTheSession,
): Promise<string> {
  return tablesOf(objectOf(sessionId), isMeant);
}

/** The same of any object. */
export function tablesOf(
  object: DurableObjectStub,
  isMeant: (table: string) => boolean,
): Promise<string> {
  return runInDurableObject(object, (_, { storage: { sql } }) =>
    sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .toArray()
      .map(({ name }) => name)
      .filter((name) => isOurs(name) && isMeant(name))
      .map((name) => tableText(name, [...sql.exec(`SELECT * FROM "${name}"`).raw()]))
      .join("\n"),
  );
}
