// What a team's backend and this deployment share, for HS256.
import type { Keys } from "../keys.ts";
import { utf8 } from "./secret.ts";

/**
 * The 32 bytes that a team's backend signs identity tokens with, under one version of the signing keys: derived, so that
 * they are stored nowhere. Undefined when that version is no longer held.
 */
export async function identitySecret(
  keys: Keys,
  { teamId, kid, keyVersion }: Readonly<Record<"teamId" | "kid", string>> & { keyVersion: number },
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (!keys.versions.includes(keyVersion)) return undefined;
  return await keys.sign("identity", utf8.encode(JSON.stringify([teamId, kid])), keyVersion);
}
