// Keys under which teams' backends sign who their visitors are: the administrator's operations. A shared secret is derived
// from the deployment's signing keys and shown once; of an asymmetric key only the public half ever gets here.
import type { Caller } from "../caller.ts";
import { identitySecret } from "../credentials/identity-secret.ts";
import { toBase64Url } from "../domain/base64url.ts";
import type { Failure, Result } from "../protocol/errors.ts";
import type {
  CreatedIdentityKey,
  CreateIdentityKeyRequest,
  EcPublicJwk,
  IdentityKeyList,
} from "../protocol/team.ts";
import type { Services } from "../services.ts";
import { teamsDatabase } from "../session-index/databases.ts";
import * as index from "../session-index/identity-keys.ts";
import { getTeam } from "../session-index/teams.ts";
import { forgetIdentityKey } from "../team-cache.ts";
import { adminRefusal, NO_TEAM } from "./teams.ts";

export async function createIdentityKey(
  { env, keys }: Services,
  caller: Caller,
  teamId: string,
  { publicKey }: CreateIdentityKeyRequest,
): Promise<Result<CreatedIdentityKey>> {
  const refusal = adminRefusal(caller);
  if (refusal) return refusal;
  if (publicKey !== undefined && !(await isOnCurve(publicKey))) return BAD_KEY;
  const database = teamsDatabase(env);
  if ((await getTeam(database, teamId)) === undefined) return NO_TEAM;
  const kid = crypto.getRandomValues(new Uint8Array(8)).toHex();
  const source: index.IdentityKeySource =
    publicKey === undefined
      ? { algorithm: "HS256", keyVersion: keys.current }
      : { algorithm: "ES256", publicKey };
  const isCreated = await index.createIdentityKey(database, { teamId, kid, ...source }, Date.now());
  if (!isCreated) return { ok: false, code: "too_many_keys" };
  if (publicKey !== undefined) return { ok: true, kid };
  const secret = await identitySecret(keys, { teamId, kid, keyVersion: keys.current });
  return { ok: true, kid, ...(secret && { secret: toBase64Url(secret) }) };
}

export async function listIdentityKeys(
  { env }: Services,
  caller: Caller,
  teamId: string,
): Promise<Result<IdentityKeyList>> {
  const refusal = adminRefusal(caller);
  if (refusal) return refusal;
  const database = teamsDatabase(env);
  if ((await getTeam(database, teamId)) === undefined) return NO_TEAM;
  return { ok: true, keys: await index.listIdentityKeys(database, teamId) };
}

export async function revokeIdentityKey(
  { env }: Services,
  caller: Caller,
  teamId: string,
  kid: string,
): Promise<Result<object>> {
  const refusal = adminRefusal(caller);
  if (refusal) return refusal;
  const isKnown = await index.revokeIdentityKey(teamsDatabase(env), { teamId, kid }, Date.now());
  forgetIdentityKey(teamId, kid);
  return isKnown ? { ok: true } : { ok: false, code: "key_not_found" };
}

const BAD_KEY: Failure = {
  ok: false,
  code: "validation_failed",
  errors: [{ path: "/publicKey", message: "not a point of P-256" }],
};

async function isOnCurve(publicKey: EcPublicJwk): Promise<boolean> {
  try {
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    await crypto.subtle.importKey("jwk", { ...publicKey }, algorithm, false, ["verify"]);
    return true;
  } catch {
    return false;
  }
}
