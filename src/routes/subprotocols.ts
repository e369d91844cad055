// What an upgrade offers as subprotocols: the protocol itself, and the ticket, since browsers let a page set nothing else.
import { SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX } from "../protocol/version.ts";

export function isUpgrade(request: Request): boolean {
  return request.headers.get("Upgrade")?.toLowerCase() === "websocket";
}

export function offersProtocol(request: Request): boolean {
  return subprotocols(request).includes(SUBPROTOCOL);
}

export function ticketOf(request: Request): string | undefined {
  const ticket = subprotocols(request).find((one) => one.startsWith(TICKET_SUBPROTOCOL_PREFIX));
  return ticket?.slice(TICKET_SUBPROTOCOL_PREFIX.length);
}

function subprotocols(request: Request): readonly string[] {
  const header = request.headers.get("Sec-WebSocket-Protocol") ?? "";
  return header.split(",").map((one) => one.trim());
}
