/** A team's backend that says who its visitors are: keys made through the API, tokens signed with the library it would use. */
import { base64url, exportJWK, generateKeyPair, SignJWT } from "jose";
import type { CreatedIdentityKey, IdentityAlgorithm } from "../../src/protocol/team.ts";
import type { HttpApi } from "./http-api.ts";

export interface IdentitySigner {
  readonly teamId: string;
  readonly kid: string;
  readonly algorithm: IdentityAlgorithm;
  readonly key: Uint8Array | CryptoKey;
}

/** A new identity key of the team, with what its backend signs with. */
export async function newIdentitySigner(
  api: HttpApi,
  teamId: string,
  algorithm: IdentityAlgorithm = "HS256",
): Promise<IdentitySigner> {
  if (algorithm === "HS256") {
    const { kid, secret = "" } = await createKey(api, teamId, { algorithm });
    return { teamId, kid, algorithm, key: base64url.decode(secret) };
  }
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const { kty, crv, x, y } = await exportJWK(publicKey);
  const { kid } = await createKey(api, teamId, { algorithm, publicKey: { kty, crv, x, y } });
  return { teamId, kid, algorithm, key: privateKey };
}

async function createKey(
  { call, adminToken }: HttpApi,
  teamId: string,
  body: object,
): Promise<CreatedIdentityKey> {
  const path = `/api/admin/teams/${teamId}/identity-keys`;
  const response = await call(path, { bearer: adminToken, body });
  if (response.status !== 201) throw new Error(`no identity key: ${await response.text()}`);
  return (await response.json()) as CreatedIdentityKey;
}

export interface Claims {
  readonly sub?: unknown;
  readonly aud?: unknown;
  readonly jti?: unknown;
  /** Seconds since 1970. */
  readonly exp?: unknown;
  readonly nbf?: unknown;
  readonly [claim: string]: unknown;
}

/** A token as the signer makes it; claims that are given as undefined are left out, those not given are in order. */
export async function identityToken(
  { teamId, kid, algorithm, key }: IdentitySigner,
  claims: Claims,
  header: object = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const all = { aud: teamId, jti: crypto.randomUUID(), exp: now + 120, ...claims };
  return await new SignJWT(JSON.parse(JSON.stringify(all)))
    .setProtectedHeader({ alg: algorithm, kid, ...header })
    .sign(key);
}
