// Where the next page of a list of sessions begins, as opaque text. It grants nothing: whose sessions are listed is another
// argument.

export interface Position {
  readonly lastAccessed: number;
  readonly id: string;
}

const DECODED = /^(\d{1,15}) ([A-Za-z0-9_-]{1,64})$/;

export function encodeCursor({ lastAccessed, id }: Position): string {
  return btoa(`${lastAccessed} ${id}`).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Undefined for anything that `encodeCursor` did not make. */
export function decodeCursor(cursor: string): Position | undefined {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(cursor) || cursor.length % 4 === 1) return undefined;
  const match = DECODED.exec(atob(cursor.replaceAll("-", "+").replaceAll("_", "/")));
  const [, lastAccessed, id] = match ?? [];
  if (lastAccessed === undefined || id === undefined) return undefined;
  return { lastAccessed: Number(lastAccessed), id };
}
