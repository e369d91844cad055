/** The WebSocket subprotocol. Within `ds.v1` the wire only ever grows: new types, new optional fields. */
export const SUBPROTOCOL = "ds.v1";

/** A browser cannot set headers on an upgrade, so the ticket travels as a second subprotocol with this prefix. */
export const TICKET_SUBPROTOCOL_PREFIX = "ds.ticket.";
