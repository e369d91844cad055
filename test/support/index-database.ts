/**
 * The Worker's own D1, metered or out of order. Worker, objects and tests run in one isolate here and share D1's
 * prototypes, so what these functions do to them holds for all three, without a stand-in for the Worker.
 */
import { env } from "cloudflare:workers";
import { isOurs, tableText } from "./table-text.ts";

export interface Cost {
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

const database = Object.getPrototypeOf(env.INDEX_DB) as D1Database;
const statement = Object.getPrototypeOf(env.INDEX_DB.prepare("SELECT 1")) as D1PreparedStatement;

/** What D1 itself says that `act` read and wrote, whoever in the Worker asked it. */
export async function indexCost(act: () => Promise<unknown>): Promise<Cost> {
  let rowsRead = 0;
  let rowsWritten = 0;
  const count = <T extends D1Result>(result: T): T => {
    rowsRead += result.meta.rows_read;
    rowsWritten += result.meta.rows_written;
    return result;
  };
  const { all, run } = statement;
  const { batch } = database;
  const restore = replace({
    async all() {
      return count(await all.call(this));
    },
    async run() {
      return count(await run.call(this));
    },
    // The real `raw` and `first` tell no cost. No query of the Worker selects two columns of one name.
    async raw() {
      return count(await all.call(this)).results.map((row) => Object.values(row as object));
    },
    async first() {
      return count(await all.call(this)).results[0] ?? null;
    },
    async batch(statements) {
      return (await batch.call(this, statements)).map(count);
    },
  });
  try {
    await act();
  } finally {
    restore();
  }
  return { rowsRead, rowsWritten };
}

/** From now on D1 fails every call, or answers none, until the function that is returned is called. */
export function breakIndex(how: "fails" | "hangs" = "fails"): () => void {
  const act = () =>
    how === "fails"
      ? Promise.reject(new Error("D1_ERROR: Network connection lost."))
      : new Promise<never>(() => undefined);
  return replace({ all: act, run: act, raw: act, first: act, batch: act });
}

/** From now on D1 fails the calls that are meant, counted from 0, until it is restored. */
export function breakIndexCalls(isMeant: (call: number) => boolean): {
  /** How many there were so far. */
  calls(): number;
  restore(): void;
} {
  const { all, run, raw, first } = statement;
  const { batch } = database;
  let calls = 0;
  const counted = async <T>(call: () => Promise<T>): Promise<T> => {
    if (isMeant(calls++)) throw new Error("D1_ERROR: Network connection lost.");
    return await call();
  };
  const restore = replace({
    all() {
      return counted(() => all.call(this));
    },
    run() {
      return counted(() => run.call(this));
    },
    raw() {
      return counted(() => raw.call(this));
    },
    first() {
      return counted(() => first.call(this));
    },
    batch(statements) {
      return counted(() => batch.call(this, statements));
    },
  });
  return { calls: () => calls, restore };
}

/** From now on D1's transactions wait for `release`; `reached` resolves when the first one does. */
export function holdIndex(): { readonly reached: Promise<void>; release(): void } {
  const { all, run, raw, first } = statement;
  const { batch } = database;
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const restore = replace({
    all,
    run,
    raw,
    first,
    async batch(statements) {
      reached.resolve();
      await released.promise;
      return await batch.call(this, statements);
    },
  });
  return {
    reached: reached.promise,
    release() {
      restore();
      released.resolve();
    },
  };
}

/** From now on D1 takes `ms` longer over every call, until the function that is returned is called. */
export function slowIndex(ms: number): () => void {
  return interceptIndex(async (call) => {
    await scheduler.wait(ms);
    return await call();
  });
}

/** From now on every call of D1 is `around`'s to make, until the function that is returned is called. */
export function interceptIndex(around: <T>(call: () => Promise<T>) => Promise<T>): () => void {
  const { all, run, raw, first } = statement;
  const { batch } = database;
  return replace({
    all() {
      return around(() => all.call(this));
    },
    run() {
      return around(() => run.call(this));
    },
    raw() {
      return around(() => raw.call(this));
    },
    first() {
      return around(() => first.call(this));
    },
    batch(statements) {
      return around(() => batch.call(this, statements));
    },
  });
}

interface Calls {
  all(this: D1PreparedStatement): Promise<unknown>;
  run(this: D1PreparedStatement): Promise<unknown>;
  raw(this: D1PreparedStatement): Promise<unknown>;
  first(this: D1PreparedStatement): Promise<unknown>;
  batch(this: D1Database, statements: D1PreparedStatement[]): Promise<unknown>;
}

function replace({ batch, ...ofStatements }: Calls): () => void {
  const { all, run, raw, first } = statement;
  const originalBatch = database.batch;
  Object.assign(statement, ofStatements);
  Object.assign(database, { batch });
  return () => {
    Object.assign(statement, { all, run, raw, first });
    Object.assign(database, { batch: originalBatch });
  };
}

/** Everything in D1 is lost; what is left is a database that was just migrated. */
export async function loseIndex(): Promise<void> {
  const { results } = await env.INDEX_DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table'",
  ).all<{ name: string }>();
  const tables = results.map(({ name }) => name).filter(isOurs);
  // What others refer to goes last.
  const depth = (name: string) => ["sessions", "teams"].indexOf(name);
  await env.INDEX_DB.batch(
    ["sqlite_sequence", ...tables.sort((a, b) => depth(a) - depth(b))]
      .filter((name, at, all) => name !== "d1_migrations" && all.indexOf(name) === at)
      .flatMap((name) =>
        name === "sqlite_sequence"
          ? [env.INDEX_DB.prepare("DELETE FROM sqlite_sequence WHERE name = 'teams'")]
          : [env.INDEX_DB.prepare(`DELETE FROM "${name}"`)],
      ),
  );
}

/** All rows of the tables that are meant, as text; the bytes of a blob as latin1. */
export async function indexText(isMeant: (table: string) => boolean): Promise<string> {
  const { results } = await env.INDEX_DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
  ).all<{ name: string }>();
  const tables = results.map(({ name }) => name).filter((name) => isOurs(name) && isMeant(name));
  if (tables.length === 0) return "";
  const rows = await env.INDEX_DB.batch(
    tables.map((table) => env.INDEX_DB.prepare(`SELECT * FROM "${table}"`)),
  );
  return rows
    .map(({ results: found }, at) =>
      tableText(
        tables[at] ?? "",
        found.map((row) => Object.values(row as object)),
      ),
    )
    .join("\n");
}
