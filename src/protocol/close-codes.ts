import type { ErrorCode } from "./errors.ts";

/** WebSocket close codes of `ds.v1`. All but `resync` and `tooMany` are final for the token that was used. */
export const CLOSE_CODES = {
  protocolError: 4400,
  unauthenticated: 4401,
  forbidden: 4403,
  resync: 4408,
  ended: 4410,
  tooMany: 4429,
} as const;

export type CloseCode = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES];

/** Whether a client that was closed with `code` may connect again with the same token. */
export function isFinalClose(code: number): boolean {
  return code >= 4000 && code < 5000 && code !== CLOSE_CODES.resync && code !== CLOSE_CODES.tooMany;
}

/** Why a socket is closed, as the close event's `reason` says it: `<code>`, or `<code> retryAfterMs=<n>`. */
export function closeReason(code: ErrorCode, retryAfterMs: number | undefined): string {
  return retryAfterMs === undefined ? code : `${code} retryAfterMs=${retryAfterMs}`;
}

/** How long the server wants to be left alone, if a close event's `reason` says so. */
export function retryAfterMsOf(reason: string): number | undefined {
  const [, digits] = /^\S+ retryAfterMs=(\d{1,9})$/.exec(reason) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
