/** A D1 binding that adds up what its statements cost by D1's own account. */

export interface Cost {
  rowsRead: number;
  rowsWritten: number;
}

export interface MeteredD1 {
  readonly INDEX_DB: D1Database;
  /** What `act` made the database read and write. */
  cost(act: () => Promise<unknown>): Promise<Cost>;
}

export function meter(database: D1Database): MeteredD1 {
  const originals = new WeakMap<object, D1PreparedStatement>();
  let sum: Cost = { rowsRead: 0, rowsWritten: 0 };

  function count<T extends D1Result>(result: T): T {
    sum.rowsRead += result.meta.rows_read;
    sum.rowsWritten += result.meta.rows_written;
    return result;
  }

  function statement(original: D1PreparedStatement): D1PreparedStatement {
    const metered = {
      bind: (...values: unknown[]) => statement(original.bind(...values)),
      run: async () => count(await original.run()),
      all: async () => count(await original.all()),
      // The real `raw` and `first` tell no cost. No query here selects two columns of one name.
      raw: async () => count(await original.all()).results.map(Object.values),
      first: async () => count(await original.all()).results[0] ?? null,
    } as D1PreparedStatement;
    originals.set(metered, original);
    return metered;
  }

  const INDEX_DB = {
    prepare: (sql: string) => statement(database.prepare(sql)),
    batch: async (statements: D1PreparedStatement[]) =>
      (await database.batch(statements.map((one) => originals.get(one) ?? one))).map(count),
  } as D1Database;

  return {
    INDEX_DB,
    async cost(act) {
      sum = { rowsRead: 0, rowsWritten: 0 };
      await act();
      return sum;
    },
  };
}
