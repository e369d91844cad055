// Where the next page of a list of sessions begins, as opaque text. It grants nothing: whose sessions are listed is another
// argument.

import { fromBase64Url, toBase64Url } from "../domain/base64url.ts";

const utf8 = new TextEncoder();

export interface Position {
  readonly lastAccessed: number;
  readonly id: string;
}

const DECODED = /^(\d{1,15}) ([A-Za-z0-9_-]{1,64})$/;

export function encodeCursor({ lastAccessed, id }: Position): string {
  return toBase64Url(utf8.encode(`${lastAccessed} ${id}`));
}

/** Undefined for anything that `encodeCursor` did not make. */
export function decodeCursor(cursor: string): Position | undefined {
  const bytes = fromBase64Url(cursor);
  const [, lastAccessed, id] = (bytes && DECODED.exec(new TextDecoder().decode(bytes))) ?? [];
  if (lastAccessed === undefined || id === undefined) return undefined;
  return { lastAccessed: Number(lastAccessed), id };
}
