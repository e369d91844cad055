// One socket at a time, kept alive: connects, notices death, connects again, and stops for good on a final close code. What frames
// mean is the business of the handlers.
import { CLOSE_CODES, isFinalClose, retryAfterMsOf } from "../../src/protocol/close-codes.ts";
import type { UpFrame } from "../../src/protocol/frames.ts";
import { PING, PONG } from "../../src/protocol/frames.ts";
import { SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX } from "../../src/protocol/version.ts";
import type { ConnectionEnd, ConnectionHandlers } from "./connection-handlers.ts";
import { decodeFrame } from "./decode-frame.ts";
import type { Ticket } from "./entry.ts";
import { isStale } from "./entry.ts";
import type { Environment, Socket } from "./environment.ts";
import { Heartbeat } from "./heartbeat.ts";
import { reconnectDelayMs, STABLE_AFTER_MS, TOO_MANY_ATTEMPT } from "./reconnect-policy.ts";
import type { RequestError } from "./request-error.ts";
import { requestError } from "./request-error.ts";
import { utf8Bytes } from "./send-frames.ts";
import type { ConnectionState } from "./session-state.ts";

/** From the first packet to the welcome. */
export const WELCOME_TIMEOUT_MS = 10_000;

/** Stays connected from `start()` until `stop()` or a final end, whatever the network does between. */
export class Connection {
  readonly #socketBase: string;
  readonly #environment: Environment;
  readonly #handlers: ConnectionHandlers;
  /** Grows with every attempt, loss and stop: whatever began under an older number has lost its right to act. */
  #epoch = 0;
  #attempt = 0;
  #state: ConnectionState = { state: "closed", attempt: 0 };
  #socket: Socket | undefined;
  #heartbeat: Heartbeat | undefined;
  /** The one timer that is not the heartbeat's: for the welcome, or for the next attempt. */
  #cancelTimer: (() => void) | undefined;
  #syncedAt: number | undefined;
  /** Whether this socket brought any part of the log. */
  #progressed = false;
  #unsubscribe: (() => void) | undefined;

  /** @param baseUrl where the API is, http or https */
  constructor(baseUrl: string, environment: Environment, handlers: ConnectionHandlers) {
    this.#socketBase = baseUrl.replace(/^http/, "ws");
    this.#environment = environment;
    this.#handlers = handlers;
  }

  start(): void {
    this.#begin();
    this.#attempt = 0;
    void this.#connect();
  }

  /** After an end that may be none: waits as after any loss, since a server of two minds would send it round without pause. */
  again(): void {
    this.#begin();
    this.#retry();
  }

  #begin(): void {
    this.stop();
    this.#unsubscribe = this.#environment.attention.subscribe((event) =>
      event === "left" ? this.#putAway() : this.#wake(),
    );
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#drop();
    this.#setState({ state: "closed", attempt: 0 });
  }

  /** False when there is no socket to send it on. */
  send(frame: UpFrame): boolean {
    if (this.#state.state !== "online") {
      return false;
    }
    this.#socket?.send(JSON.stringify(frame));
    this.#heartbeat?.sent();
    return true;
  }

  async #connect(): Promise<void> {
    this.#drop();
    const epoch = this.#epoch;
    this.#setState({ state: "connecting", attempt: this.#attempt });
    try {
      const entry = await this.#handlers.ticket();
      if (epoch !== this.#epoch) {
        return;
      }
      if ("ticket" in entry) {
        this.#open(entry);
      } else if (entry.reason === "offered") {
        this.#end({ kind: "offered" });
      } else {
        this.#end({ kind: "session_over", end: entry });
      }
    } catch (error) {
      if (epoch === this.#epoch) {
        this.#ticketRefused(requestError(error));
      }
    }
  }

  #open({ sessionId, ticket, issuedAt }: Ticket): void {
    const epoch = this.#epoch;
    const { openSocket } = this.#environment;
    this.#syncedAt = undefined;
    this.#progressed = false;
    this.#handlers.opening();
    this.#socket = openSocket(
      `${this.#socketBase}/api/sessions/${sessionId}/socket?${this.#handlers.resumeQuery()}`,
      [SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX + ticket],
      {
        text: (text) => {
          if (epoch === this.#epoch) {
            this.#text(text);
          }
        },
        closed: (code, reason) => {
          if (epoch === this.#epoch) {
            this.#closed(code, reason, issuedAt);
          }
        },
      },
    );
    this.#setTimer(WELCOME_TIMEOUT_MS, () => this.#retry());
  }

  #text(text: string): void {
    this.#heartbeat?.heard();
    if (text === PONG) {
      return;
    }
    const frame = decodeFrame(text);
    if (!frame) {
      return;
    }
    if (frame.type === "welcome") {
      this.#welcomed();
    }
    const verdict = this.#handlers.frame(frame, utf8Bytes(text));
    if (verdict === "hole") {
      this.#resync();
      return;
    }
    if (verdict !== "applied") {
      this.#end({ kind: "session_over", end: verdict });
      return;
    }
    if (frame.type === "synced") {
      this.#syncedAt = this.#environment.clock.now();
    }
    this.#progressed ||= frame.type === "synced" || frame.type === "messages";
  }

  #welcomed(): void {
    this.#cancelTimer?.();
    this.#heartbeat = new Heartbeat(
      this.#environment,
      () => this.#socket?.send(PING),
      () => void this.#connect(),
    );
    this.#setState({ state: "online", attempt: 0 });
  }

  #closed(code: number, reason: string, ticketIssuedAt: number): void {
    // A ticket that grew old on the way, in a tab that slept between, says nothing about the token behind it.
    const ticketDied =
      code === CLOSE_CODES.unauthenticated &&
      this.#state.state !== "online" &&
      isStale(ticketIssuedAt, this.#environment.clock.now());
    if (isFinalClose(code) && !ticketDied) {
      this.#end({ kind: "closed", code });
    } else if (code === CLOSE_CODES.resync) {
      this.#resync();
    } else {
      if (code === CLOSE_CODES.tooMany) {
        this.#attempt = Math.max(this.#attempt, TOO_MANY_ATTEMPT);
      }
      this.#retry(retryAfterMsOf(reason));
    }
  }

  /** At once as long as each connection brings something; one that brings nothing waits like any other. */
  #resync(): void {
    if (this.#progressed) {
      void this.#connect();
    } else {
      this.#retry();
    }
  }

  #ticketRefused(error: RequestError): void {
    if (error.retryable) {
      this.#retry(error.retryAfterMs);
    } else {
      this.#end({ kind: "refused", error });
    }
  }

  #retry(atLeastMs = 0): void {
    const { clock, attention, random } = this.#environment;
    const wasStable =
      this.#syncedAt !== undefined && clock.now() - this.#syncedAt >= STABLE_AFTER_MS;
    this.#drop();
    this.#syncedAt = undefined;
    const attempt = wasStable ? 0 : this.#attempt;
    const delayMs = atLeastMs + reconnectDelayMs(attempt, attention.visible(), random());
    this.#attempt = attempt + 1;
    this.#setTimer(delayMs, () => void this.#connect());
    this.#setState({
      state: "waiting",
      attempt: this.#attempt,
      retryAt: clock.now() + delayMs,
    });
  }

  /** Somebody looks again, or the network changed: what was waiting tries, what seemed open has to prove it. */
  #wake(): void {
    if (this.#state.state === "waiting") {
      void this.#connect();
    } else if (this.#state.state === "online") {
      this.#heartbeat?.probe();
    }
  }

  /** A page with an open socket is not kept in the back-forward cache; one that is comes back with `returned`. */
  #putAway(): void {
    if (this.#state.state !== "closed") {
      this.#drop();
      this.#setState({ state: "waiting", attempt: 0 });
    }
  }

  #end(end: ConnectionEnd): void {
    this.stop();
    this.#handlers.ended(end);
  }

  #drop(): void {
    this.#epoch += 1;
    this.#cancelTimer?.();
    this.#heartbeat?.stop();
    this.#heartbeat = undefined;
    this.#socket?.close();
    this.#socket = undefined;
  }

  #setTimer(ms: number, callback: () => void): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#environment.clock.after(ms, callback);
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    this.#handlers.changed(state);
  }
}
