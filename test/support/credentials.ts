/** Credentials of every kind that a caller may have. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { mintTicket, mintToken } from "../../src/credentials.ts";
import { signingKeys } from "../../src/keys.ts";
import type { CredentialRole } from "../../src/protocol/session.ts";
import { evict } from "./eviction.ts";
import { objectOf } from "./object-of.ts";

/** A token of `role` to the session. */
export async function guestToken(id: string, role: CredentialRole): Promise<string> {
  const { credentialId, secretDigest, token } = await mintToken(await signingKeys(env), id);
  await runInDurableObject(objectOf(id), (_, { storage }) => {
    storage.sql.exec(
      "INSERT INTO credentials (id, role, secret_digest, created_at) VALUES (?, ?, ?, ?)",
      credentialId,
      role,
      secretDigest,
      Date.now(),
    );
  });
  await evict(id);
  return token;
}

/** As a device's owner will. Memory is a cache: the object reads its credentials when it starts again. */
export async function revoke(token: string): Promise<void> {
  const [id = "", credentialId] = token.split(".");
  await runInDurableObject(objectOf(id), (_, { storage }) => {
    storage.sql.exec("UPDATE credentials SET revoked_at = 1 WHERE id = ?", credentialId);
  });
  await evict(id);
}

/** A ticket that the holder of `token` would get now. */
export async function ticketFor(token: string): Promise<string> {
  const [sessionId = "", credentialId = ""] = token.split(".");
  return mintTicket(await signingKeys(env), { sessionId, credentialId }, Date.now());
}
