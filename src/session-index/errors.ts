import { DrizzleQueryError } from "drizzle-orm";

/** A call to the index that failed. */
export class IndexError extends Error {
  override readonly name = "IndexError";
  /** False when the row itself is at fault, so that the same call will always fail. */
  readonly retryable: boolean;

  constructor(message: string, options: { readonly cause: unknown }) {
    super(message, options);
    // The text is all that D1 tells of SQLite's result code.
    this.retryable = !message.includes("SQLITE_CONSTRAINT");
  }
}

/**
 * Keeps the database's own message, which names tables and columns. Drizzle's quotes every value of the statement, and
 * these messages reach the log.
 */
export function indexError(error: unknown): IndexError {
  if (error instanceof IndexError) return error;
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  return new IndexError(cause instanceof Error ? cause.message : String(cause), { cause });
}
