// How this tab gets into a session: this browser's own, or the one that a link opened. Holds the tickets that its key buys.
import type { ValidateSessionResponse } from "../../src/protocol/rest.ts";
import type { Session } from "../../src/protocol/session.ts";
import type { SessionCall } from "./chat.ts";
import type { Entry, SessionEnd, Ticket } from "./entry.ts";
import { isStale } from "./entry.ts";
import type { Clock } from "./environment.ts";
import type { Invitation } from "./invitation.ts";
import { isSpentKey } from "./opening.ts";
import type { OwnSession } from "./own-session.ts";
import { RequestError, requestError, unauthenticated } from "./request-error.ts";
import type { Key, Rest } from "./rest.ts";
import { callWith, keyOf } from "./rest.ts";
import type { SessionClientState } from "./session-state.ts";

/** How often what another tab did at the same moment may send this one elsewhere before it waits like after any failure. */
const ATTEMPTS = 3;

interface Parts {
  readonly rest: Rest;
  readonly own: OwnSession;
  readonly invitation: Invitation;
  readonly clock: Clock;
  /** Told of each session that an answer brings. */
  readonly learned: (session: Session) => void;
}

export type SessionAccess = ReturnType<typeof createSessionAccess>;

export function createSessionAccess({ rest, own, invitation, clock, learned }: Parts) {
  let ticket: Ticket | undefined;
  /** The token that bought it. */
  let used: string | undefined;
  /** Whether it was given out more than once: by a clock that was put back it may seem younger than it is. */
  let isReused = false;
  let entering:
    | { readonly sessionId: string | undefined; readonly entry: Promise<Entry> }
    | undefined;

  function isInvited(): boolean {
    return invitation.record().kind !== "none";
  }

  /** Undefined before there is one, and as long as what was handed over waits for a yes. */
  function knownKey(): Key | undefined {
    const { kind, token } = invitation.record();
    return kind === "none" ? own.key() : kind === "guest" && token ? keyOf(token) : undefined;
  }

  function key(): Key {
    const found = knownKey();
    if (!found) {
      throw unauthenticated();
    }
    return found;
  }

  /** Calls with the key of this moment, and once more where another tab replaced it meanwhile. Rejects with `RequestError`. */
  async function withKey<T>(call: (key: Key) => Promise<T>): Promise<T> {
    if (!isInvited()) {
      await own.awake();
    }
    const tried = key();
    try {
      return await call(tried);
    } catch (error) {
      if (
        isUnauthenticated(error) &&
        (key().token !== tried.token || (!isInvited() && (await own.reclaim(tried))))
      ) {
        return await call(key());
      }
      throw error;
    }
  }

  /** A call about the session that this tab is in. */
  const call: SessionCall = (method, path, body) =>
    withKey((current) => callWith(rest, current, method, path, body));

  function enterWith(session: Session, bought: string, issuedAt: number): Ticket {
    learned(session);
    used = key().token;
    isReused = false;
    ticket = { sessionId: session.id, ticket: bought, issuedAt };
    return ticket;
  }

  async function enter(): Promise<Entry> {
    const { kind } = invitation.record();
    const askedAt = clock.now();
    const redeemed = kind === "redeeming" && (await invitation.redeem());
    if (redeemed) {
      return enterWith(redeemed.session, redeemed.ticket, askedAt);
    }
    if (kind === "guest") {
      return await validate();
    }
    return kind === "none" ? await enterOwn(ATTEMPTS) : { reason: "offered" };
  }

  /** @param more how many attempts may follow, each with what has changed in storage meanwhile */
  async function enterOwn(more: number): Promise<Entry> {
    await own.awake();
    const tried = own.key();
    try {
      if (tried) {
        return await reenter(tried);
      }
      const askedAt = clock.now();
      const created = await own.create();
      if (created) {
        return enterWith(created.session, created.ticket, askedAt);
      }
    } catch (error) {
      // A cookie may be replaced more than once, by as many tabs as created one.
      const isLast = more < ATTEMPTS && (more === 0 || !tried || tried.token);
      if (isLast || !(await isWorthAnother(error, tried))) {
        return ended(error);
      }
    }
    if (more === 0) {
      throw requestError(undefined);
    }
    return await enterOwn(more - 1);
  }

  async function isWorthAnother(error: unknown, tried: Key | undefined): Promise<boolean> {
    return tried ? isUnauthenticated(error) && (await own.reclaim(tried)) : isSpentKey(error);
  }

  /** A server that has forgotten the session, once its time had come, says of its key what it says of any other. */
  function ended(error: unknown): SessionEnd {
    const { expiresAt, ended } = own.record();
    const hasExpired = expiresAt > 0 && clock.now() >= expiresAt;
    if (!isUnauthenticated(error) || !(ended || hasExpired)) {
      throw error;
    }
    return { reason: ended ? "terminated" : "expired", session: undefined };
  }

  async function reenter(tried: Key): Promise<Ticket | SessionEnd> {
    if (own.rotationDue()) {
      try {
        const askedAt = clock.now();
        const { session, ticket } = await own.refresh(tried, false);
        if (ticket !== undefined) {
          return enterWith(session, ticket, askedAt);
        }
      } catch (error) {
        // What is over is only told of, with its record, when it is validated.
        if (requestError(error).status !== 410) {
          throw error;
        }
      }
    }
    return await validate();
  }

  async function validate(): Promise<Ticket | SessionEnd> {
    const askedAt = clock.now();
    const answer = await callWith<ValidateSessionResponse>(rest, key(), "GET", "/validate");
    const { isValid, session, ticket, reason = "terminated" } = answer;
    if (isValid && session && ticket !== undefined) {
      return enterWith(session, ticket, askedAt);
    }
    if (isValid !== false) {
      // Nobody says that a session is over but the API.
      throw new RequestError("invalid_answer", { status: 200 });
    }
    if (session) {
      learned(session);
    }
    return { reason, session };
  }

  async function currentTicket(): Promise<Entry> {
    const sessionId = knownKey()?.sessionId;
    if (ticket && ticket.sessionId === sessionId && !isStale(ticket.issuedAt, clock.now())) {
      isReused = true;
      return ticket;
    }
    // An invite may be good for one use, and whoever asks twice at once would lose what the first got.
    if (!entering || entering.sessionId !== sessionId) {
      const begun = { sessionId, entry: enter() };
      entering = begun;
      const forget = () => {
        entering = entering === begun ? undefined : entering;
      };
      begun.entry.then(forget, forget);
    }
    return await entering.entry;
  }

  /** What was asked about another session is no answer about this one. */
  function renewed(): void {
    ticket = undefined;
    entering = undefined;
  }

  return {
    /** Whether this tab is a link's, and not this browser's own session's. */
    isInvited,
    /** Undefined before there is a session. */
    sessionId: () => knownKey()?.sessionId,
    renewed,
    withKey,
    call,
    /** A ticket that is young enough: the last one, or one that is asked for now. Rejects with `RequestError`. */
    ticket: currentTicket,

    /** As whom this tab takes part: without a role while it is not known what the link allows. */
    standing(): Pick<SessionClientState, "isInvited" | "role"> {
      const { kind, role } = invitation.record();
      const isInvited = kind !== "none";
      return { isInvited, role: isInvited ? role : "owner" };
    },

    /** A call for what gives the session away for good: the server wants a token that is minutes old. */
    async callFresh<T>(...args: Parameters<SessionCall>): Promise<T> {
      try {
        return await call<T>(...args);
      } catch (error) {
        if (requestError(error).code !== "fresh_credential_needed") {
          throw error;
        }
        await withKey((current) => own.refresh(current, true));
        return await call<T>(...args);
      }
    },

    /** Asks the server about the session now, whatever ticket there is. Rejects with `RequestError`. */
    lookUp(): Promise<Entry> {
      ticket = undefined;
      return currentTicket();
    },

    /** After the socket's key was refused: whether there is another by now, or only the ticket was too old. */
    renew(): boolean {
      ticket = undefined;
      return isReused || key().token !== used || (!isInvited() && own.record().identifying);
    },

    /** Leaves a session that is over; a link's own in any case, which puts this browser's own back in its place. */
    leave(): void {
      renewed();
      (isInvited() ? invitation : own).leave();
    },
  };
}

function isUnauthenticated(error: unknown): boolean {
  return requestError(error).status === 401;
}
