/** What objects write, by the runtime's own account. All objects of a test run in its isolate and share prototypes. */
import { runInDurableObject } from "cloudflare:test";
import { objectOf } from "./object-of.ts";

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
 * caller has been answered.
 */
export async function indexAnswered(sessionId: string): Promise<void> {
  const fresh = "SELECT 1 FROM index_outbox WHERE attempts = 0";
  const hasAnswer = () =>
    runInDurableObject(
      objectOf(sessionId),
      (_, { storage }) => storage.sql.exec(fresh).toArray().length === 0,
    );
  while (!(await hasAnswer())) await scheduler.wait(1);
}

/** What only tells others of the session, in its own time. */
const ON_ITS_WAY_OUT = /outbox|audit/;

/** All that the session's object stores, as text, but for what is on its way out. */
export function objectTables(sessionId: string): Promise<string> {
  return runInDurableObject(objectOf(sessionId), (_, { storage: { sql } }) => {
    const names = sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .toArray()
      .map(({ name }) => name)
      .filter((name) => !name.startsWith("_cf_") && !ON_ITS_WAY_OUT.test(name));
    return JSON.stringify(
      names.map((name) => [name, [...sql.exec(`SELECT * FROM "${name}"`).raw()]]),
      (_, value) => (value instanceof ArrayBuffer ? new Uint8Array(value).toHex() : value),
    );
  });
}
