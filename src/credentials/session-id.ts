// Session ids, made and checked without asking anybody; their layout is in src/domain/session-id.ts.
import { fromBase64Url, toBase64Url } from "../domain/base64url.ts";
import {
  SESSION_ID_PATTERN,
  SESSION_ID_RANDOM_BYTES,
  type SessionIdParts,
  sessionIdBody,
  splitSessionId,
} from "../domain/session-id.ts";
import type { Keys } from "../keys.ts";
import { concat, tag, utf8 } from "./secret.ts";

export interface SessionAddress {
  readonly id: string;
  readonly teamNumber: number;
}

/** @param random 11 bytes; left out, they come from the system's CSPRNG */
export async function newSessionId(
  keys: Keys,
  teamNumber: number,
  random = crypto.getRandomValues(new Uint8Array(SESSION_ID_RANDOM_BYTES)),
): Promise<string> {
  const body = sessionIdBody(keys.current, teamNumber, random);
  return toBase64Url(concat(body, await tag(keys, "session-id", body)));
}

/** What an id says of itself; whether it is ours is another question. */
export function sessionIdParts(id: string): SessionIdParts | undefined {
  const bytes = SESSION_ID_PATTERN.test(id) ? fromBase64Url(id) : undefined;
  return bytes && splitSessionId(bytes);
}

/** The address behind an id, or undefined when its tag is not ours. */
export async function readSessionId(keys: Keys, id: string): Promise<SessionAddress | undefined> {
  const parts = sessionIdParts(id);
  if (parts === undefined) return undefined;
  const { body, keyVersion, teamNumber } = parts;
  const isOurs = await keys.verify("session-id", body, parts.tag, keyVersion);
  return isOurs ? { id, teamNumber } : undefined;
}

/**
 * The random bytes of a session id that one caller class, team and idempotency key always get, under one signing key: a
 * retry across the minutes in which a newer key is put in front makes a second session.
 */
export async function idempotentBytes(
  keys: Keys,
  callerClass: "visitor" | "team",
  teamId: string,
  key: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const mac = await keys.sign("create", utf8.encode(JSON.stringify([callerClass, teamId, key])));
  return new Uint8Array(mac.subarray(0, SESSION_ID_RANDOM_BYTES));
}
