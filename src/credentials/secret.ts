// Secrets that this deployment knows again: 32 random bytes and a tag over them and what they are for, so that a forged
// one wakes no object and reads no row. Whether a true one is still good is for its keeper to say.
import { fromBase64Url } from "../domain/base64url.ts";
import type { Keys, Purpose } from "../keys.ts";

const SECRET_BYTES = 32;

const TAG_BYTES = 8;

export const utf8 = new TextEncoder();

export function mintSecret(keys: Keys, purpose: Purpose, name: string): Promise<Uint8Array> {
  const random = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return tagged(keys, purpose, name, random, keys.current);
}

/** `random` with the tag by which this deployment knows it again. */
export async function tagged(
  keys: Keys,
  purpose: Purpose,
  name: string,
  random: Uint8Array,
  version: number,
): Promise<Uint8Array> {
  const mac = await keys.sign(purpose, concat(utf8.encode(name), random), version);
  return concat(random, mac.subarray(0, TAG_BYTES));
}

/** A presented secret and its digest, if its tag is ours. */
export async function checkSecret(
  keys: Keys,
  purpose: Purpose,
  name: string,
  encoded: string,
): Promise<{ readonly secret: Uint8Array; readonly secretDigest: Uint8Array } | undefined> {
  const secret = fromBase64Url(encoded);
  if (secret?.length !== SECRET_BYTES + TAG_BYTES) return undefined;
  const data = concat(utf8.encode(name), secret.subarray(0, SECRET_BYTES));
  const [isOurs, secretDigest] = await Promise.all([
    keys.verify(purpose, data, secret.subarray(SECRET_BYTES)),
    digest(secret),
  ]);
  return isOurs ? { secret, secretDigest } : undefined;
}

/** Whether two secrets of any length are the same, in a time that tells nothing. */
export async function isSameSecret(presented: string, expected: string): Promise<boolean> {
  const [a, b] = await Promise.all([digest(utf8.encode(presented)), digest(utf8.encode(expected))]);
  return crypto.subtle.timingSafeEqual(a, b);
}

export async function tag(keys: Keys, purpose: Purpose, data: Uint8Array): Promise<Uint8Array> {
  return (await keys.sign(purpose, data)).subarray(0, TAG_BYTES);
}

export async function digest(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
