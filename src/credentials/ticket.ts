// Tickets for the socket: a MAC that is good for a minute, since logs may show it.
import { fromBase64Url, toBase64Url } from "../domain/base64url.ts";
import type { Keys } from "../keys.ts";
import { TICKET_TTL_MS } from "../protocol/limits.ts";
import { utf8 } from "./secret.ts";
import type { PresentedCredential } from "./token.ts";

const TICKET_MAC_BYTES = 16;

/** Opens a socket of `credential` within a minute; safe to show in a log after that. */
export async function mintTicket(
  keys: Keys,
  { sessionId, credentialId }: Pick<PresentedCredential, "sessionId" | "credentialId">,
  now: number,
): Promise<string> {
  const expires = (now + TICKET_TTL_MS).toString(36);
  const mac = await keys.sign("ticket", utf8.encode(`${sessionId}.${credentialId}.${expires}`));
  return `${credentialId}.${expires}.${toBase64Url(mac.subarray(0, TICKET_MAC_BYTES))}`;
}

const TICKET = /^([A-Za-z0-9_-]{12})\.([0-9a-z]{1,10})\.([A-Za-z0-9_-]{22})$/;

/** Whose ticket it is, or undefined when it is forged, for another session, or too old. */
export async function readTicket(
  keys: Keys,
  sessionId: string,
  ticket: string,
  now: number,
): Promise<{ readonly credentialId: string } | undefined> {
  const [, credentialId, expires, encoded = ""] = TICKET.exec(ticket) ?? [];
  const mac = fromBase64Url(encoded);
  if (credentialId === undefined || expires === undefined || mac === undefined) return undefined;
  const data = utf8.encode(`${sessionId}.${credentialId}.${expires}`);
  const isOurs = await keys.verify("ticket", data, mac);
  return isOurs && now < Number.parseInt(expires, 36) ? { credentialId } : undefined;
}
