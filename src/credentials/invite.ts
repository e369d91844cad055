// The secrets in links, `inv_<sessionId>.<inviteId>.<secret>`.
import { toBase64Url } from "../domain/base64url.ts";
import type { Keys } from "../keys.ts";
import { checkSecret, digest, mintSecret } from "./secret.ts";
import { sessionIdParts } from "./session-id.ts";

/** What the holder of an invite has, and what the session keeps of it. */
export interface MintedInvite {
  readonly inviteId: string;
  readonly secret: string;
  readonly secretDigest: Uint8Array;
}

/** A new `inv_<sessionId>.<inviteId>.<secret>`. */
export async function mintInvite(keys: Keys, sessionId: string): Promise<MintedInvite> {
  const inviteId = toBase64Url(crypto.getRandomValues(new Uint8Array(9)));
  const secret = await mintSecret(keys, "invite", `${sessionId}.${inviteId}`);
  return {
    inviteId,
    secret: `inv_${sessionId}.${inviteId}.${toBase64Url(secret)}`,
    secretDigest: await digest(secret),
  };
}

/** What an invite's secret proves; its session knows whether it still opens. */
export interface PresentedInvite {
  readonly sessionId: string;
  readonly teamNumber: number;
  readonly inviteId: string;
  readonly secretDigest: Uint8Array;
}

const INVITE = /^inv_([A-Za-z0-9_-]{32})\.([A-Za-z0-9_-]{12})\.([A-Za-z0-9_-]{54})$/;

/** The invite behind a secret, or undefined when this deployment did not make it. */
export async function readInvite(keys: Keys, text: string): Promise<PresentedInvite | undefined> {
  const [, sessionId, inviteId, encoded] = INVITE.exec(text) ?? [];
  if (sessionId === undefined || inviteId === undefined || encoded === undefined) return undefined;
  const parts = sessionIdParts(sessionId);
  const checked = await checkSecret(keys, "invite", `${sessionId}.${inviteId}`, encoded);
  if (parts === undefined || checked === undefined) return undefined;
  const { secretDigest } = checked;
  return { sessionId, teamNumber: parts.teamNumber, inviteId, secretDigest };
}
