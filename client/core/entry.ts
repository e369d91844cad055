// What comes of entering a session.
import { TICKET_TTL_MS } from "../../src/protocol/limits.ts";
import type { Session } from "../../src/protocol/session.ts";

/** Opens a socket while it is young. */
export interface Ticket {
  readonly sessionId: string;
  readonly ticket: string;
  /** By this device's clock, when it was asked for: the answer may have waited in a page that slept. */
  readonly issuedAt: number;
}

/** The session is over; its record where the server still has it. */
export interface SessionEnd {
  readonly reason: "expired" | "terminated";
  readonly session: Session | undefined;
}

/** All that is known is that it was ended. */
export const TERMINATED: SessionEnd = { reason: "terminated", session: undefined };

/** A session was handed over to this browser: the person has to say whether it is to be this browser's own. */
export interface Offer {
  readonly reason: "offered";
}

export type Entry = Ticket | SessionEnd | Offer;

/** What is left of a ticket's life when it is no longer used: time for the upgrade to arrive. */
const TICKET_MARGIN_MS = 10_000;

/** Whether a ticket is too old to open a socket with, or nobody can tell, since the clock was put back. */
export function isStale(issuedAt: number, now: number): boolean {
  return now < issuedAt || now - issuedAt > TICKET_TTL_MS - TICKET_MARGIN_MS;
}
