// One socket at a time, kept alive: connects, notices death, connects again, and stops for good on a final close code. What frames
// mean is the business of the handlers.
import { byteLength } from "../../src/protocol/bytes.ts";
import { CLOSE_CODES, isFinalClose, retryAfterMsOf } from "../../src/protocol/close-codes.ts";
import type { DownFrame, UpFrame } from "../../src/protocol/frames.ts";
import { PING, PONG } from "../../src/protocol/frames.ts";
import { SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX } from "../../src/protocol/version.ts";
import type { ConnectionEnd, ConnectionHandlers } from "./connection-handlers.ts";
import type { Entry, Ticket } from "./entry.ts";
import { isStale } from "./entry.ts";
import type { Environment, Socket } from "./environment.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { createHeartbeat } from "./heartbeat.ts";
import { reconnectDelayMs, STABLE_AFTER_MS, TOO_MANY_ATTEMPT } from "./reconnect-policy.ts";
import type { RequestError } from "./request-error.ts";
import { requestError } from "./request-error.ts";
import type { ConnectionState } from "./session-state.ts";
import { fieldsOf } from "./stored-fields.ts";

/** From the first packet to the welcome. */
export const WELCOME_TIMEOUT_MS = 10_000;

/**
 * Stays connected from `start()` until `stop()` or a final end, whatever the network does between.
 *
 * @param baseUrl where the API is, http or https
 */
export function createConnection(
  baseUrl: string,
  environment: Environment,
  handlers: ConnectionHandlers,
) {
  const { attention, clock } = environment;
  /** Grows with every attempt, loss and stop: whatever began under an older number has lost its right to act. */
  let epoch = 0;
  let attempt = 0;
  let state: ConnectionState["state"] = "closed";
  let socket: Socket | undefined;
  let heartbeat: Heartbeat | undefined;
  /** The one timer that is not the heartbeat's: for the welcome, or for the next attempt. */
  let cancelTimer: (() => void) | undefined;
  let syncedAt: number | undefined;
  /** Whether this socket brought any part of the log. */
  let progressed = false;
  let unsubscribe: (() => void) | undefined;

  function setState(to: ConnectionState): void {
    ({ state } = to);
    handlers.changed(to);
  }

  function setTimer(ms: number, callback: () => void): void {
    cancelTimer?.();
    cancelTimer = clock.after(ms, callback);
  }

  function drop(): void {
    epoch += 1;
    cancelTimer?.();
    heartbeat?.stop();
    heartbeat = undefined;
    socket?.close();
    socket = undefined;
  }

  function stop(): void {
    unsubscribe?.();
    unsubscribe = undefined;
    drop();
    setState({ state: "closed", attempt: 0 });
  }

  function begin(): void {
    stop();
    unsubscribe = attention.subscribe((event) => (event === "left" ? putAway() : wake()));
  }

  /** Somebody looks again, or the network changed: what was waiting tries, what seemed open has to prove it. */
  function wake(): void {
    if (state === "waiting") {
      void connect();
    } else if (state === "online") {
      heartbeat?.probe();
    }
  }

  /** A page with an open socket is not kept in the back-forward cache; one that is comes back with `returned`. */
  function putAway(): void {
    if (state !== "closed") {
      drop();
      setState({ state: "waiting", attempt: 0 });
    }
  }

  function end(how: ConnectionEnd): void {
    stop();
    handlers.ended(how);
  }

  async function connect(): Promise<void> {
    drop();
    const begun = epoch;
    setState({ state: "connecting", attempt });
    try {
      const entry = await handlers.ticket();
      if (begun === epoch) {
        enter(entry);
      }
    } catch (cause) {
      if (begun === epoch) {
        refused(requestError(cause));
      }
    }
  }

  function enter(entry: Entry): void {
    if ("ticket" in entry) {
      open(entry);
    } else {
      end(entry);
    }
  }

  function refused(error: RequestError): void {
    if (error.retryable) {
      retry(error.retryAfterMs);
    } else {
      end({ reason: "refused", error });
    }
  }

  function open({ sessionId, ticket, issuedAt }: Ticket): void {
    syncedAt = undefined;
    progressed = false;
    handlers.opening();
    socket = environment.openSocket(
      `${baseUrl.replace(/^http/, "ws")}/api/sessions/${sessionId}/socket?${handlers.resumeQuery()}`,
      [SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX + ticket],
      { text: heard, closed: (code, reason) => closed(code, reason, issuedAt) },
    );
    setTimer(WELCOME_TIMEOUT_MS, () => retry());
  }

  function heard(text: string): void {
    heartbeat?.heard();
    if (text === PONG) {
      return;
    }
    // As the server promises it (src/protocol/frames.ts). A type that a newer one adds is nobody's case.
    const frame = fieldsOf(text) as Partial<DownFrame> as DownFrame;
    const { type } = frame;
    if (type === "welcome") {
      cancelTimer?.();
      heartbeat = createHeartbeat(
        environment,
        () => socket?.send(PING),
        () => void connect(),
      );
      setState({ state: "online", attempt: 0 });
    }
    const verdict = handlers.frame(frame, byteLength(text));
    if (verdict === "hole") {
      resync();
    } else if (verdict !== "applied") {
      end(verdict);
    } else {
      syncedAt = type === "synced" ? clock.now() : syncedAt;
      progressed ||= type === "synced" || type === "messages";
    }
  }

  function closed(code: number, reason: string, ticketIssuedAt: number): void {
    // A ticket that grew old on the way, in a tab that slept between, says nothing about the token behind it.
    const ticketDied =
      code === CLOSE_CODES.unauthenticated &&
      state !== "online" &&
      isStale(ticketIssuedAt, clock.now());
    if (isFinalClose(code) && !ticketDied) {
      end({ reason: "closed", code });
    } else if (code === CLOSE_CODES.resync) {
      resync();
    } else {
      if (code === CLOSE_CODES.tooMany) {
        attempt = Math.max(attempt, TOO_MANY_ATTEMPT);
      }
      retry(retryAfterMsOf(reason));
    }
  }

  /** At once as long as each connection brings something; one that brings nothing waits like any other. */
  function resync(): void {
    if (progressed) {
      void connect();
    } else {
      retry();
    }
  }

  function retry(atLeastMs = 0): void {
    const wasStable = syncedAt !== undefined && clock.now() - syncedAt >= STABLE_AFTER_MS;
    drop();
    syncedAt = undefined;
    const failed = wasStable ? 0 : attempt;
    const delayMs = atLeastMs + reconnectDelayMs(failed, attention.visible(), environment.random());
    attempt = failed + 1;
    setTimer(delayMs, () => void connect());
    setState({ state: "waiting", attempt, retryAt: clock.now() + delayMs });
  }

  return {
    start(): void {
      begin();
      attempt = 0;
      void connect();
    },

    /** After an end that may be none: waits as after any loss, since a server of two minds would send it round without pause. */
    again(): void {
      begin();
      retry();
    },

    stop,

    /** Does nothing where there is no socket to send it on. */
    send(frame: UpFrame): void {
      if (state === "online") {
        socket?.send(JSON.stringify(frame));
        heartbeat?.sent();
      }
    },
  };
}
