// Session tokens, `<sessionId>.<credentialId>.<secret>`: minted at random, or following from the one before.
import { toBase64Url } from "../domain/base64url.ts";
import type { Keys } from "../keys.ts";
import { checkSecret, concat, digest, mintSecret, tagged, utf8 } from "./secret.ts";
import { sessionIdParts } from "./session-id.ts";

/** What a token that this deployment issued proves; the object knows whether it still opens. */
export interface PresentedCredential {
  readonly sessionId: string;
  readonly teamNumber: number;
  readonly credentialId: string;
  readonly secretDigest: Uint8Array;
  /** What its successor is computed from; never leaves the Worker. */
  readonly secret: Uint8Array;
}

/** A token, and what its keepers know of it. */
export interface MintedToken {
  readonly sessionId: string;
  readonly credentialId: string;
  readonly secretDigest: Uint8Array;
  readonly token: string;
}

/** A new key to a session: `token` goes to its holder, the rest to the object. */
export async function mintToken(keys: Keys, sessionId: string): Promise<MintedToken> {
  const credentialId = toBase64Url(crypto.getRandomValues(new Uint8Array(9)));
  const secret = await mintSecret(keys, "token", `${sessionId}.${credentialId}`);
  return await tokenOf(sessionId, credentialId, secret);
}

/**
 * What may follow a secret: an HMAC of it and its credential's id, so that everybody who presents the same secret gets
 * the same successor. One under each signing key held, the current one first.
 */
export function successorTokens(
  keys: Keys,
  { sessionId, credentialId, secret }: PresentedCredential,
): Promise<MintedToken[]> {
  const name = `${sessionId}.${credentialId}`;
  const data = concat(utf8.encode(name), secret);
  return Promise.all(
    keys.versions.map(async (version) => {
      const random = await keys.sign("rotation", data, version);
      const successor = await tagged(keys, "token", name, random, version);
      return await tokenOf(sessionId, credentialId, successor);
    }),
  );
}

async function tokenOf(
  sessionId: string,
  credentialId: string,
  secret: Uint8Array,
): Promise<MintedToken> {
  return {
    sessionId,
    credentialId,
    secretDigest: await digest(secret),
    token: `${sessionId}.${credentialId}.${toBase64Url(secret)}`,
  };
}

const TOKEN = /^([A-Za-z0-9_-]{32})\.([A-Za-z0-9_-]{12})\.([A-Za-z0-9_-]{54})$/;

/** The credential behind a token, or undefined when this deployment did not issue it. */
export async function readToken(
  keys: Keys,
  token: string,
): Promise<PresentedCredential | undefined> {
  const [, sessionId, credentialId, encoded] = TOKEN.exec(token) ?? [];
  if (sessionId === undefined || credentialId === undefined || encoded === undefined) {
    return undefined;
  }
  const parts = sessionIdParts(sessionId);
  const checked = await checkSecret(keys, "token", `${sessionId}.${credentialId}`, encoded);
  if (parts === undefined || checked === undefined) return undefined;
  return { sessionId, teamNumber: parts.teamNumber, credentialId, ...checked };
}
