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
