// One visitor's session with one team: the actions, and who in this directory does each.
import { CLOSE_CODES } from "../../src/protocol/close-codes.ts";
import { DEFAULT_PAGE_MESSAGES } from "../../src/protocol/limits.ts";
import { browserEnvironment } from "./browser-environment.ts";
import { Connection } from "./connection.ts";
import type { ConnectionEnd } from "./connection-handlers.ts";
import type { Environment } from "./environment.ts";
import { RequestError } from "./request-error.ts";
import { RestClient } from "./rest-client.ts";
import type { SessionEnd } from "./session-access.ts";
import { SessionAccess } from "./session-access.ts";
import { SessionRecordStore } from "./session-record.ts";
import { SessionReplica } from "./session-replica.ts";
import type { SessionClientState } from "./session-state.ts";
import { INITIAL_STATE } from "./session-state.ts";
import { Store } from "./store.ts";
import { TypingSignal } from "./typing.ts";

export interface SessionClientOptions {
  /** Where the API is: an origin, without a slash at the end. */
  readonly baseUrl: string;
  readonly teamId: string;
  /** What to use in place of the browser's own. */
  readonly environment?: Partial<Environment>;
}

export interface SessionClient {
  getState(): SessionClientState;
  /** The listener is called after every change; the returned function ends it. */
  subscribe(listener: () => void): () => void;
  /** Opens this browser's session with the team, creating it where there is none, and stays connected. */
  start(): void;
  /** Closes the connection; the session goes on. */
  stop(): void;
  /**
   * Writes a message. It is shown at once and sent as soon as there is a connection, once however often it takes.
   *
   * @returns its clientId, which is also its `key`
   */
  send(content: string): string;
  /** Tries a `failed` message again. */
  retry(key: string): void;
  /** Loads the page of messages before the first that is here. Does nothing while one is loading. */
  loadOlder(): Promise<void>;
  /** Call it as the person types; it is told to others sparingly. */
  setTyping(active: boolean): void;
  /** Ends the session in every tab and on every device. Rejects with `RequestError`. */
  terminateSession(): Promise<void>;
  /** Leaves a session that is over and opens the next one: the one another tab began since, or a new one. */
  startNewSession(): void;
}

/** A client for one team's session in this browser; `start()` sets it off. */
export function createSessionClient(options: SessionClientOptions): SessionClient {
  return new Client(options);
}

class Client implements SessionClient {
  readonly #store = new Store<SessionClientState>(INITIAL_STATE);
  readonly #environment: Environment;
  readonly #rest: RestClient;
  readonly #access: SessionAccess;
  readonly #connection: Connection;
  readonly #typing: TypingSignal;
  /** Replaced with the session: whatever still runs for an old one is known by it. */
  #replica: SessionReplica;

  constructor({ baseUrl, teamId, environment }: SessionClientOptions) {
    this.#environment = { ...browserEnvironment(), ...environment };
    const { clock, storage } = this.#environment;
    this.#rest = new RestClient(baseUrl, this.#environment);
    this.#access = new SessionAccess(
      this.#rest,
      new SessionRecordStore(storage, teamId),
      teamId,
      this.#environment,
      (session) => this.#replica.adopt(session),
    );
    this.#connection = new Connection(baseUrl, this.#environment, {
      ticket: () => this.#access.ticket(),
      resumeQuery: () => this.#replica.resumeQuery(),
      opening: () => this.#replica.opening(),
      frame: (frame, bytes) => this.#replica.frame(frame, bytes),
      changed: (connection) => {
        this.#store.patch({ connection });
        if (connection.state !== "online") {
          this.#replica.offline();
        }
      },
      ended: (end) => void this.#ended(end),
    });
    this.#typing = new TypingSignal(clock, (active) => {
      this.#connection.send({ type: "typing", active });
    });
    this.#replica = this.#newReplica();
  }

  getState(): SessionClientState {
    return this.#store.get();
  }

  subscribe(listener: () => void): () => void {
    return this.#store.subscribe(listener);
  }

  start(): void {
    this.#store.patch({ status: "opening", error: undefined });
    this.#connection.start();
  }

  stop(): void {
    this.#connection.stop();
  }

  send(content: string): string {
    this.#typing.set(false);
    const clientId = this.#environment.newId();
    this.#replica.send({ clientId, content });
    return clientId;
  }

  retry(key: string): void {
    this.#replica.retry(key);
  }

  async loadOlder(): Promise<void> {
    const { token } = this.#access;
    if (token !== undefined) {
      await this.#replica.loadOlder((before) =>
        this.#rest.messages(token, { before, limit: DEFAULT_PAGE_MESSAGES }),
      );
    }
  }

  setTyping(active: boolean): void {
    this.#typing.set(active);
  }

  async terminateSession(): Promise<void> {
    await this.#access.terminate();
    this.#connection.stop();
    this.#over({ reason: "terminated", session: undefined });
  }

  startNewSession(): void {
    this.#connection.stop();
    this.#access.leave();
    this.#replica.retire();
    this.#store.patch(INITIAL_STATE);
    this.#replica = this.#newReplica();
    this.start();
  }

  #newReplica(): SessionReplica {
    return new SessionReplica(this.#store, this.#environment.clock, (frame) => {
      this.#connection.send(frame);
    });
  }

  async #ended(end: ConnectionEnd): Promise<void> {
    if (end.kind === "session_over") {
      this.#over(end.end);
    } else if (end.kind === "refused") {
      this.#store.patch({ status: "error", error: end.error });
    } else if (end.code === CLOSE_CODES.ended) {
      await this.#learnReason();
    } else {
      this.#store.patch({ status: "error", error: RequestError.fromClose(end.code) });
    }
  }

  /** The socket says that the session ended, and the API how. */
  async #learnReason(): Promise<void> {
    const replica = this.#replica;
    const answer = await this.#access.lookUp().catch(() => undefined);
    if (replica === this.#replica) {
      const known = answer !== undefined && "reason" in answer;
      this.#over(known ? answer : { reason: "terminated", session: undefined });
    }
  }

  #over(end: SessionEnd): void {
    this.#replica.over(end);
    if (this.#replica.empty && end.session) {
      this.#replica.beginAt(end.session.lastSeq);
      void this.loadOlder();
    }
  }
}
