// Tickets for the socket: a MAC that is good for a minute, since logs may show it.
import { fromBase64Url, toBase64Url } from "../domain/base64url.ts";
import type { Keys } from "../keys.ts";
import { TICKET_TTL_MS } from "../protocol/limits.ts";
import { utf8 } from "./secret.ts";
import type { PresentedCredential } from "./token.ts";

const TICKET_MAC_BYTES = 16;

/** Opens a socket of `credential` within a minute; safe to show in a log after that. */
export function mintTicket(
  keys: Keys,
  { sessionId, credentialId }: Pick<PresentedCredential, "sessionId" | "credentialId">,
  now: number,
): Promise<string> {
  return mint(keys, sessionId, credentialId, now);
}

/** No credential's id has a dot: neither kind of ticket can be taken for the other. */
const OPERATOR_PREFIX = "op.";

/** The same for a member of the staff who is signed in with the token `tokenId`. */
export function mintOperatorTicket(
  keys: Keys,
  { sessionId, tokenId }: { readonly sessionId: string; readonly tokenId: string },
  now: number,
): Promise<string> {
  return mint(keys, sessionId, OPERATOR_PREFIX + tokenId, now);
}

async function mint(keys: Keys, sessionId: string, holder: string, now: number): Promise<string> {
  const expires = (now + TICKET_TTL_MS).toString(36);
  const mac = await keys.sign("ticket", utf8.encode(`${sessionId}.${holder}.${expires}`));
  return `${holder}.${expires}.${toBase64Url(mac.subarray(0, TICKET_MAC_BYTES))}`;
}

/** Whether it says that it is an operator's; what it says is not checked. */
export function isOperatorTicket(ticket: string): boolean {
  return ticket.startsWith(OPERATOR_PREFIX);
}

const TICKET = /^([A-Za-z0-9_-]{12}|op\.[0-9a-f]{16})\.([0-9a-z]{1,10})\.([A-Za-z0-9_-]{22})$/;

/** By what its holder has got a ticket. */
export type TicketHolder =
  | { readonly kind: "credential"; readonly credentialId: string }
  | { readonly kind: "operator"; readonly tokenId: string };

/** Whose ticket it is, or undefined when it is forged, for another session, or too old. */
export async function readTicket(
  keys: Keys,
  sessionId: string,
  ticket: string,
  now: number,
): Promise<TicketHolder | undefined> {
  const [, holder, expires, encoded = ""] = TICKET.exec(ticket) ?? [];
  const mac = fromBase64Url(encoded);
  if (holder === undefined || expires === undefined || mac === undefined) return undefined;
  const data = utf8.encode(`${sessionId}.${holder}.${expires}`);
  const isOurs = await keys.verify("ticket", data, mac);
  if (!isOurs || now >= Number.parseInt(expires, 36)) return undefined;
  return isOperatorTicket(ticket)
    ? { kind: "operator", tokenId: holder.slice(OPERATOR_PREFIX.length) }
    : { kind: "credential", credentialId: holder };
}
