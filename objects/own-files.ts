// What the cleanup asks a session about the bucket.

/** Of `ids` those that the session has a row of: it is there before the first byte and until after the last. */
export function ownFiles(sql: SqlStorage, ids: readonly string[]): readonly string[] {
  return sql
    .exec<{ id: string }>(
      "SELECT id FROM files WHERE id IN (SELECT value FROM json_each(?))",
      JSON.stringify(ids),
    )
    .toArray()
    .map(({ id }) => id);
}
