// Tokens of a team's staff, `op_<tokenId>_<secret>`.
import { toBase64Url } from "../domain/base64url.ts";
import type { Keys } from "../keys.ts";
import { checkSecret, digest, mintSecret } from "./secret.ts";

/** A new `op_<tokenId>_<secret>` for a member of a team's staff, and what the index keeps of it. */
export async function mintOperatorToken(
  keys: Keys,
): Promise<{ readonly tokenId: string; readonly token: string; readonly secretHash: string }> {
  const tokenId = crypto.getRandomValues(new Uint8Array(8)).toHex();
  const secret = await mintSecret(keys, "operator", tokenId);
  return {
    tokenId,
    token: `op_${tokenId}_${toBase64Url(secret)}`,
    secretHash: toBase64Url(await digest(secret)),
  };
}

const OPERATOR_TOKEN = /^op_([0-9a-f]{16})_([A-Za-z0-9_-]{54})$/;

/** The id and the secret's hash of an operator's token, or undefined when this deployment did not issue it. */
export async function readOperatorToken(
  keys: Keys,
  token: string,
): Promise<{ readonly tokenId: string; readonly secretHash: string } | undefined> {
  const [, tokenId, encoded] = OPERATOR_TOKEN.exec(token) ?? [];
  if (tokenId === undefined || encoded === undefined) return undefined;
  const checked = await checkSecret(keys, "operator", tokenId, encoded);
  return checked && { tokenId, secretHash: toBase64Url(checked.secretDigest) };
}
