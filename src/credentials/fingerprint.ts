// Fingerprints of browsers, as they are stored and looked up.
import { toBase64Url } from "../domain/base64url.ts";
import type { Keys } from "../keys.ts";
import { utf8 } from "./secret.ts";

/**
 * A fingerprint as it is stored and looked up: one value for each key version, the current one first. Without the
 * signing key nobody can tell which browser it was, and two teams never share a value.
 */
export async function fingerprintHashes(
  keys: Keys,
  teamId: string,
  fingerprint: string,
): Promise<readonly string[]> {
  const data = utf8.encode(JSON.stringify([teamId, fingerprint]));
  return (await keys.signUnderEach("fingerprint", data)).map(toBase64Url);
}
