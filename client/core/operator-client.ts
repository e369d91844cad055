// One session as a member of the team's staff takes part in it: the same connection and the same copy as a visitor's, opened with an
// operator's token. Nothing is stored.
import { CLOSE_CODES } from "../../src/protocol/close-codes.ts";
import type { UpdateConversationRequest } from "../../src/protocol/conversation.ts";
import { DEFAULT_PAGE_MESSAGES } from "../../src/protocol/limits.ts";
import { browserEnvironment } from "./browser-environment.ts";
import { Connection } from "./connection.ts";
import type { ConnectionEnd } from "./connection-handlers.ts";
import type { Environment } from "./environment.ts";
import { RequestError } from "./request-error.ts";
import type { OperatorKey } from "./rest-client.ts";
import { RestClient } from "./rest-client.ts";
import type { SessionEnd, Ticket } from "./session-access.ts";
import type { ChatClient, SendOptions, Sent } from "./session-client.ts";
import type { SessionReplica } from "./session-replica.ts";
import { createReplica } from "./session-replica.ts";
import type { SessionClientState } from "./session-state.ts";
import { INITIAL_STATE } from "./session-state.ts";
import { NO_SHELF } from "./shelf.ts";
import { Store } from "./store.ts";

export interface OperatorClientOptions {
  /** Where the API is: an origin, without a slash at the end. */
  readonly baseUrl: string;
  readonly operatorToken: string;
  readonly sessionId: string;
  /** What to use in place of the browser's own. */
  readonly environment?: Partial<Environment>;
}

export interface OperatorClient extends ChatClient {
  /** Says who answers in the session's default conversation, and whether it goes on. Rejects with `RequestError`. */
  updateConversation(change: UpdateConversationRequest): Promise<void>;
}

class Operator implements OperatorClient {
  readonly #store = new Store<SessionClientState>({ ...INITIAL_STATE, role: "operator" });
  readonly #environment: Environment;
  readonly #rest: RestClient;
  readonly #key: OperatorKey;
  readonly #connection: Connection;
  readonly #replica: SessionReplica;

  constructor({ baseUrl, operatorToken, sessionId, environment }: OperatorClientOptions) {
    this.#environment = { ...browserEnvironment(), ...environment };
    this.#key = { operatorToken, sessionId };
    this.#rest = new RestClient(baseUrl, this.#environment);
    this.#replica = createReplica({
      store: this.#store,
      clock: this.#environment.clock,
      ownRole: "operator",
      shelf: NO_SHELF,
      sessionId: undefined,
      handlers: {
        sendUp: (frame) => void this.#connection.send(frame),
        conversations: () => this.#rest.conversations(this.#key),
        wrote: () => undefined,
        isVisible: () => false,
      },
    });
    this.#connection = new Connection(baseUrl, this.#environment, {
      ticket: () => this.#enter(),
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
  }

  getState(): SessionClientState {
    return this.#store.get();
  }

  subscribe(listener: () => void): () => void {
    return this.#store.subscribe(listener);
  }

  start(): void {
    this.#store.patch({ status: "creating", error: undefined });
    this.#connection.start();
  }

  stop(): void {
    this.#connection.stop();
  }

  send(content: string, options: SendOptions = {}): Sent {
    const clientId = this.#environment.newId();
    return { clientId, delivered: this.#replica.send({ clientId, content, ...options }) };
  }

  retry(key: string): void {
    this.#replica.retry(key);
  }

  cancel(key: string): void {
    this.#replica.cancel(key);
  }

  markRead(): void {
    this.#replica.markRead();
  }

  setTyping(active: boolean): void {
    this.#replica.setTyping(active);
  }

  async loadOlder(): Promise<void> {
    await this.#replica.loadOlder((before) =>
      this.#rest.messages(this.#key, { before, limit: DEFAULT_PAGE_MESSAGES }),
    );
  }

  async updateConversation(change: UpdateConversationRequest): Promise<void> {
    const { session } = this.#store.get();
    if (!session) {
      throw RequestError.fromKnown("unauthenticated");
    }
    const { defaultConversationId } = session;
    await this.#rest.updateConversation(this.#key, defaultConversationId, change);
  }

  /** Each connection asks anew: whether the token and the session still hold is part of the answer. */
  async #enter(): Promise<Ticket | SessionEnd> {
    const { sessionId } = this.#key;
    const { session, ticket, reason } = await this.#rest.validate(this.#key);
    if (session) {
      this.#replica.adopt(session);
    }
    return ticket === undefined
      ? { reason: reason ?? "terminated", session }
      : { sessionId, ticket, issuedAt: this.#environment.clock.now() };
  }

  async #ended(end: ConnectionEnd): Promise<void> {
    if (end.kind === "session_over") {
      this.#over(end.end);
    } else if (end.kind === "closed" && end.code === CLOSE_CODES.ended) {
      const entry = await this.#enter().catch(() => undefined);
      this.#over(entry && "reason" in entry ? entry : { reason: "terminated", session: undefined });
    } else if (end.kind !== "offered") {
      const error = end.kind === "refused" ? end.error : RequestError.fromClose(end.code);
      this.#store.patch({ status: "error", error });
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

/** A client for one session by an operator's token; `start()` sets it off. */
export function createOperatorClient(options: OperatorClientOptions): OperatorClient {
  return new Operator(options);
}
