/** What its owner does to a credential, and what only the Worker could. */
import { env } from "cloudflare:workers";
import { mintOperatorTicket, mintTicket } from "../../src/credentials/ticket.ts";
import { signingKeys } from "../../src/keys.ts";
import { call } from "./api.ts";

/** By its holder, who may shut itself out. */
export async function revoke(token: string): Promise<void> {
  const [id = "", credentialId] = token.split(".");
  const path = `/api/sessions/${id}/devices/${credentialId}`;
  const response = await call(path, { method: "DELETE", bearer: token });
  if (response.status !== 204) throw new Error(`not revoked: ${await response.text()}`);
}

/** A ticket that the holder of `token` would get now. */
export async function ticketFor(token: string): Promise<string> {
  const [sessionId = "", credentialId = ""] = token.split(".");
  return mintTicket(await signingKeys(env), { sessionId, credentialId }, Date.now());
}

/** The same of an operator's token, for whatever session. */
export async function operatorTicketFor(
  operatorToken: string,
  { id: sessionId }: { readonly id: string },
): Promise<string> {
  const [, tokenId = ""] = operatorToken.split("_");
  return mintOperatorTicket(await signingKeys(env), { sessionId, tokenId }, Date.now());
}
