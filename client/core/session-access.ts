// How this tab gets into a session: this browser's own, or the one that a link opened. Holds the tickets that its token buys.
import { TICKET_TTL_MS } from "../../src/protocol/limits.ts";
import type { CredentialRole, Session, SessionStatus } from "../../src/protocol/session.ts";
import type { Clock } from "./environment.ts";
import type { Invitation } from "./invitation.ts";
import { isExpiredKey, type OwnSession } from "./own-session.ts";
import { RequestError } from "./request-error.ts";
import type { RestClient } from "./rest-client.ts";
import { sessionIdOf } from "./rest-client.ts";

/** Opens a socket while it is young. */
export interface Ticket {
  readonly sessionId: string;
  readonly ticket: string;
  /** By this device's clock, when the answer came. */
  readonly issuedAt: number;
}

/** The session is over; its record where the server still has it. */
export interface SessionEnd {
  readonly reason: Exclude<SessionStatus, "active">;
  readonly session: Session | undefined;
}

/** A session was handed over to this browser: the person has to say whether it is to be this browser's own. */
export interface Offer {
  readonly reason: "offered";
}

export type Entry = Ticket | SessionEnd | Offer;

/** What is left of a ticket's life when it is no longer used: time for the upgrade to arrive. */
const TICKET_MARGIN_MS = 10_000;

/** Whether a ticket is too old to open a socket with. */
export function isStale(issuedAt: number, now: number): boolean {
  return now - issuedAt > TICKET_TTL_MS - TICKET_MARGIN_MS;
}

export class SessionAccess {
  readonly #rest: RestClient;
  readonly #own: OwnSession;
  readonly #invitation: Invitation;
  readonly #clock: Clock;
  /** Told of each session that an answer brings. */
  readonly #learned: (session: Session) => void;
  #ticket: Ticket | undefined;
  /** The token that bought the last ticket. */
  #used: string | undefined;
  #entering: Promise<Entry> | undefined;

  constructor(
    rest: RestClient,
    own: OwnSession,
    invitation: Invitation,
    clock: Clock,
    learned: (session: Session) => void,
  ) {
    this.#rest = rest;
    this.#own = own;
    this.#invitation = invitation;
    this.#clock = clock;
    this.#learned = learned;
  }

  /** Whether this tab is a link's, and not this browser's own session's. */
  get isInvited(): boolean {
    return this.#invitation.state !== "none";
  }

  /** Undefined while it is not known what the link allows. */
  get role(): CredentialRole | undefined {
    return this.isInvited ? this.#invitation.role : "owner";
  }

  /** Whether this browser has a session of its own with the team. */
  get hasOwn(): boolean {
    return this.#own.token !== undefined;
  }

  /** Calls with the token of this moment, and once more where another tab replaced it meanwhile. Rejects with `RequestError`. */
  async withToken<T>(call: (token: string) => Promise<T>): Promise<T> {
    const token = this.#token;
    try {
      return await call(token);
    } catch (error) {
      if (isUnauthenticated(error) && this.#token !== token) {
        return await call(this.#token);
      }
      throw error;
    }
  }

  /** The same for what gives the session away for good: the server wants a token that is minutes old. */
  async withFreshToken<T>(call: (token: string) => Promise<T>): Promise<T> {
    try {
      return await this.withToken(call);
    } catch (error) {
      if (!(error instanceof RequestError && error.code === "fresh_credential_needed")) {
        throw error;
      }
      await this.withToken((token) => this.#own.refresh(token, { rotate: true }));
      return await this.withToken(call);
    }
  }

  /** Has the server rotate a token that has grown old. */
  async refreshIfDue(): Promise<void> {
    if (!this.isInvited && this.#own.refreshDue) {
      await this.withToken((token) => this.#own.refresh(token, { rotate: false }));
    }
  }

  /** A ticket that is young enough: the last one, or one that is asked for now. Rejects with `RequestError`. */
  async ticket(): Promise<Entry> {
    if (this.#ticket && !isStale(this.#ticket.issuedAt, this.#clock.now())) {
      return this.#ticket;
    }
    // An invite may be good for one use, and whoever asks twice at once would lose what the first got.
    this.#entering ??= this.#enter().finally(() => {
      this.#entering = undefined;
    });
    return await this.#entering;
  }

  /** Asks the server about the session now, whatever ticket there is. */
  async lookUp(): Promise<Entry> {
    this.#ticket = undefined;
    return await this.ticket();
  }

  /** After the socket's credential was refused: whether storage has another one by now, so that it is worth a try. */
  renew(): boolean {
    this.#ticket = undefined;
    return !this.isInvited && this.#own.adoptStored(this.#used);
  }

  /** Makes what was offered this browser's own. Rejects with `RequestError`. */
  async acceptHandOff(): Promise<void> {
    await this.#invitation.accept();
  }

  /** Leaves a session that is over; a link's own in any case, which puts this browser's own back in its place. */
  leave(): void {
    if (this.isInvited) {
      this.#invitation.leave();
    } else {
      this.#own.leave();
    }
  }

  get #token(): string {
    const token = this.isInvited ? this.#invitation.token : this.#own.token;
    if (token === undefined) {
      throw RequestError.fromKnown("unauthenticated");
    }
    return token;
  }

  async #enter(): Promise<Entry> {
    switch (this.#invitation.state) {
      case "none":
        return await this.#enterOwn("first try");
      case "guest":
        return await this.#validate(this.#token);
      case "redeeming": {
        const redeemed = await this.#invitation.redeem();
        return redeemed ? this.#enterWith(redeemed) : { reason: "offered" };
      }
      case "offered":
        return { reason: "offered" };
    }
  }

  async #enterOwn(turn: "first try" | "second try"): Promise<Entry> {
    const { token } = this.#own;
    try {
      if (token !== undefined) {
        return await this.#reenter(token);
      }
      const created = await this.#own.create();
      return created ? this.#enterWith(created) : await this.#enterOwn(turn);
    } catch (error) {
      const worthAnother =
        token === undefined
          ? isExpiredKey(error)
          : isUnauthenticated(error) && this.#own.adoptStored(token);
      if (turn === "first try" && worthAnother) {
        return await this.#enterOwn("second try");
      }
      throw error;
    }
  }

  async #reenter(token: string): Promise<Ticket | SessionEnd> {
    if (!this.#own.refreshDue) {
      return await this.#validate(token);
    }
    try {
      const { session, ticket } = await this.#own.refresh(token, { rotate: false });
      if (ticket !== undefined) {
        return this.#enterWith({ session, ticket, token: this.#token });
      }
    } catch (error) {
      // What is over is only told of, with its record, when it is validated.
      if (!(error instanceof RequestError && error.status === 410)) {
        throw error;
      }
    }
    return await this.#validate(this.#token);
  }

  async #validate(token: string): Promise<Ticket | SessionEnd> {
    const { isValid, session, ticket, reason } = await this.#rest.validate(token);
    if (isValid && session && ticket !== undefined) {
      return this.#enterWith({ session, ticket, token });
    }
    if (session) {
      this.#learned(session);
    }
    return { reason: reason ?? "terminated", session };
  }

  #enterWith(opened: { session: Session; ticket: string; token: string }): Ticket {
    const { session, ticket, token } = opened;
    this.#learned(session);
    this.#used = token;
    this.#ticket = { sessionId: sessionIdOf(token), ticket, issuedAt: this.#clock.now() };
    return this.#ticket;
  }
}

function isUnauthenticated(error: unknown): boolean {
  return error instanceof RequestError && error.status === 401;
}
