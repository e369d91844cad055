// Keys of teams' backends, `sk_<keyId>_<secret>`.
import { toBase64Url } from "../domain/base64url.ts";
import type { Keys } from "../keys.ts";
import { checkSecret, digest, mintSecret } from "./secret.ts";

/** A new `sk_<keyId>_<secret>` and what the index keeps of it. */
export async function mintTeamKey(
  keys: Keys,
): Promise<{ readonly keyId: string; readonly key: string; readonly secretHash: string }> {
  const keyId = crypto.getRandomValues(new Uint8Array(8)).toHex();
  const secret = await mintSecret(keys, "team-key", keyId);
  return {
    keyId,
    key: `sk_${keyId}_${toBase64Url(secret)}`,
    secretHash: toBase64Url(await digest(secret)),
  };
}

const TEAM_KEY = /^sk_([0-9a-f]{16})_([A-Za-z0-9_-]{54})$/;

/** The id and the secret's hash of a team key, or undefined when this deployment did not issue it. */
export async function readTeamKey(
  keys: Keys,
  key: string,
): Promise<{ readonly keyId: string; readonly secretHash: string } | undefined> {
  const [, keyId, encoded] = TEAM_KEY.exec(key) ?? [];
  if (keyId === undefined || encoded === undefined) return undefined;
  const checked = await checkSecret(keys, "team-key", keyId, encoded);
  return checked && { keyId, secretHash: toBase64Url(checked.secretDigest) };
}
