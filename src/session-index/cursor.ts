// Where the next page of a list begins, as opaque text. It grants nothing: whose list it is is another argument.

import { fromBase64Url, toBase64Url } from "../domain/base64url.ts";

const utf8 = new TextEncoder();

export interface Position {
  /** What the list is ordered by, ties by id; epoch milliseconds. */
  readonly at: number;
  readonly id: string;
}

const DECODED = /^(\d{1,15}) ([A-Za-z0-9_-]{1,64})$/;

export function encodeCursor({ at, id }: Position): string {
  return toBase64Url(utf8.encode(`${at} ${id}`));
}

/** Undefined for anything that `encodeCursor` did not make. */
export function decodeCursor(cursor: string): Position | undefined {
  const bytes = fromBase64Url(cursor);
  const [, at, id] = (bytes && DECODED.exec(new TextDecoder().decode(bytes))) ?? [];
  if (at === undefined || id === undefined) return undefined;
  return { at: Number(at), id };
}
