/** What a team's backend does to say who a visitor is. */
import { SignJWT } from "jose";
import type { CreatedIdentityKey } from "../../src/protocol/rest.ts";
import type { HttpApi } from "./http-api.ts";
import { TEST_ADMIN_TOKEN } from "./test-env.ts";

const LIFE_SECONDS = 120;

export async function newIdentityKey(api: HttpApi, teamId: string): Promise<CreatedIdentityKey> {
  const path = `/api/admin/teams/${teamId}/identity-keys`;
  const response = await api.call(path, {
    bearer: TEST_ADMIN_TOKEN,
    body: { algorithm: "HS256" },
  });
  if (response.status !== 201) throw new Error(`no identity key: ${await response.text()}`);
  return (await response.json()) as CreatedIdentityKey;
}

/** A token that is good once, for two minutes. */
export function signIdentity(
  { kid, secret = "" }: CreatedIdentityKey,
  teamId: string,
  userId: string,
): Promise<string> {
  const bytes = atob(secret.replaceAll("-", "+").replaceAll("_", "/"));
  return new SignJWT({})
    .setProtectedHeader({ alg: "HS256", kid })
    .setAudience(teamId)
    .setSubject(userId)
    .setJti(crypto.randomUUID())
    .setExpirationTime(Math.floor(Date.now() / 1000) + LIFE_SECONDS)
    .sign(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
}
