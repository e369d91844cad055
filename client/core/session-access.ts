// How this browser gets into its session: the token, shared by all tabs through storage, and the tickets it buys.
import { TICKET_TTL_MS } from "../../src/protocol/limits.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import type { Session, SessionStatus } from "../../src/protocol/session.ts";
import type { Environment } from "./environment.ts";
import { RequestError } from "./request-error.ts";
import type { RestClient } from "./rest-client.ts";
import { sessionIdOf } from "./rest-client.ts";
import type { SessionRecordStore } from "./session-record.ts";

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

/** What is left of a ticket's life when it is no longer used: time for the upgrade to arrive. */
const TICKET_MARGIN_MS = 10_000;

/** Whether a ticket is too old to open a socket with. */
export function isStale(issuedAt: number, now: number): boolean {
  return now - issuedAt > TICKET_TTL_MS - TICKET_MARGIN_MS;
}

export class SessionAccess {
  readonly #rest: RestClient;
  readonly #records: SessionRecordStore;
  readonly #teamId: string;
  readonly #environment: Pick<Environment, "clock" | "newId">;
  /** Told of each session that an answer brings. */
  readonly #learned: (session: Session) => void;
  #token: string | undefined;
  #ticket: Ticket | undefined;

  constructor(
    rest: RestClient,
    records: SessionRecordStore,
    teamId: string,
    environment: Pick<Environment, "clock" | "newId">,
    learned: (session: Session) => void,
  ) {
    this.#rest = rest;
    this.#records = records;
    this.#teamId = teamId;
    this.#environment = environment;
    this.#learned = learned;
  }

  /** Undefined before there is a session. */
  get token(): string | undefined {
    return this.#token;
  }

  /**
   * A ticket that is young enough: the last one, or one from `validate`, or, where this browser has no session yet, the
   * one that comes with a new session.
   */
  async ticket(): Promise<Ticket | SessionEnd> {
    if (this.#ticket && !isStale(this.#ticket.issuedAt, this.#environment.clock.now())) {
      return this.#ticket;
    }
    return this.#enter("first try");
  }

  /** Asks the server about the session now, whatever ticket there is. */
  async lookUp(): Promise<Ticket | SessionEnd> {
    this.#ticket = undefined;
    return this.ticket();
  }

  /** Ends the session for every device. */
  async terminate(): Promise<void> {
    if (this.#token !== undefined) {
      await this.#rest.terminate(this.#token);
    }
  }

  /** Leaves the session that is over, for the one another tab began since, or else for a new one. */
  leave(): void {
    if (this.#token !== undefined && this.#storedToken() === this.#token) {
      this.#records.write({ kind: "creating", createKey: this.#environment.newId() });
    }
    this.#token = undefined;
    this.#ticket = undefined;
  }

  async #enter(turn: "first try" | "second try"): Promise<Ticket | SessionEnd> {
    this.#token ??= this.#storedToken();
    if (this.#token === undefined) {
      return this.#create(turn);
    }
    try {
      return await this.#validate(this.#token);
    } catch (error) {
      // Another tab may have replaced the token since it was read here.
      const stored = this.#storedToken();
      if (isUnauthenticated(error) && stored !== undefined && stored !== this.#token) {
        this.#token = stored;
        return this.#validate(stored);
      }
      throw error;
    }
  }

  async #validate(token: string): Promise<Ticket | SessionEnd> {
    const answer = await this.#rest.validate(token);
    if (answer.session) {
      this.#learned(answer.session);
    }
    if (answer.isValid && answer.ticket !== undefined) {
      return this.#keepTicket(sessionIdOf(token), answer.ticket);
    }
    return { reason: answer.reason ?? "terminated", session: answer.session };
  }

  /**
   * Tabs that create at the same time share one key through storage, and the same key makes the same session. Where two
   * keys were written in the same moment, the one that stands in storage afterwards wins, and the other session is ended.
   */
  async #create(turn: "first try" | "second try"): Promise<Ticket | SessionEnd> {
    const createKey = this.#createKey();
    let created: SessionWithToken;
    try {
      created = await this.#rest.create({ teamId: this.#teamId }, createKey);
    } catch (error) {
      if (turn === "first try" && isExpiredKey(error)) {
        this.#replaceKey(createKey);
        return this.#enter("second try");
      }
      throw error;
    }
    const { id } = created.session;
    const now = this.#records.read();
    const lost =
      (now.kind === "session" && sessionIdOf(now.token) !== id) ||
      (now.kind === "creating" && now.createKey !== createKey);
    if (lost) {
      await this.#rest.terminate(created.token).catch(() => undefined);
      return this.#enter(turn);
    }
    this.#token = now.kind === "session" ? now.token : created.token;
    this.#records.write({ kind: "session", token: this.#token });
    this.#learned(created.session);
    return this.#keepTicket(id, created.ticket);
  }

  /** Stored before it is used: when the answer gets lost, the same key asks for it again. */
  #createKey(): string {
    const record = this.#records.read();
    if (record.kind === "creating") {
      return record.createKey;
    }
    const createKey = this.#environment.newId();
    this.#records.write({ kind: "creating", createKey });
    return createKey;
  }

  /** The session behind an expired key is out of reach: nobody kept its token. */
  #replaceKey(expired: string): void {
    const record = this.#records.read();
    if (record.kind === "creating" && record.createKey === expired) {
      this.#records.write({ kind: "creating", createKey: this.#environment.newId() });
    }
  }

  #keepTicket(sessionId: string, ticket: string): Ticket {
    this.#ticket = { sessionId, ticket, issuedAt: this.#environment.clock.now() };
    return this.#ticket;
  }

  #storedToken(): string | undefined {
    const record = this.#records.read();
    return record.kind === "session" ? record.token : undefined;
  }
}

function isUnauthenticated(error: unknown): boolean {
  return error instanceof RequestError && error.status === 401;
}

function isExpiredKey(error: unknown): boolean {
  return error instanceof RequestError && error.code === "idempotency_key_expired";
}
