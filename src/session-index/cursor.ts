// Where the next page of a list begins, as opaque text. It grants nothing: whose list it is is another argument.

import { fromBase64Url, toBase64Url } from "../domain/base64url.ts";
import type { Failure } from "../protocol/errors.ts";

const utf8 = new TextEncoder();

export interface Page {
  readonly cursor: string | undefined;
  /** ≥ 1 */
  readonly limit: number;
}

export interface Position {
  /** What the list is ordered by, ties by id; epoch milliseconds. */
  readonly at: number;
  readonly id: string;
}

const DECODED = /^(\d{1,15}) ([A-Za-z0-9_-]{1,64})$/;

export function encodeCursor({ at, id }: Position): string {
  return toBase64Url(utf8.encode(`${at} ${id}`));
}

export const INVALID_CURSOR: Failure = {
  ok: false,
  code: "invalid_parameter",
  message: "`cursor` is not one that a list has returned.",
};

/** Where a page begins: undefined for the first one's, null for a cursor that is none. */
export function startOf({ cursor }: Page): Position | undefined | null {
  return cursor === undefined ? undefined : (decodeCursor(cursor) ?? null);
}

/** Undefined for anything that `encodeCursor` did not make. */
export function decodeCursor(cursor: string): Position | undefined {
  const bytes = fromBase64Url(cursor);
  const [, at, id] = (bytes && DECODED.exec(new TextDecoder().decode(bytes))) ?? [];
  if (at === undefined || id === undefined) return undefined;
  return { at: Number(at), id };
}
