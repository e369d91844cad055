// One session as a member of the team's staff takes part in it: the same connection and the same copy as a visitor's, opened with an
// operator's token. Nothing is stored.
import { CLOSE_CODES } from "../../src/protocol/close-codes.ts";
import type { UpdateConversationRequest } from "../../src/protocol/conversation.ts";
import type { SessionList, ValidateSessionResponse } from "../../src/protocol/rest.ts";
import { environmentOf } from "./browser-environment.ts";
import { createChat } from "./chat.ts";
import type { ConnectionEnd } from "./connection-handlers.ts";
import type { SessionEnd, Ticket } from "./entry.ts";
import { TERMINATED } from "./entry.ts";
import type { Environment } from "./environment.ts";
import { closeError, unauthenticated } from "./request-error.ts";
import { callWith, createRest } from "./rest.ts";
import type { ChatClient } from "./session-client.ts";
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

/** A client for one session by an operator's token; `start()` sets it off. */
export function createOperatorClient(options: OperatorClientOptions): OperatorClient {
  const { baseUrl, operatorToken, sessionId } = options;
  const environment = environmentOf(options);
  const rest = createRest(baseUrl, environment);
  const key = { sessionId, token: operatorToken };
  const store = new Store<SessionClientState>({ ...INITIAL_STATE, role: "operator" });
  const chat = createChat({
    baseUrl,
    store,
    environment,
    ownRole: "operator",
    call: (method, path, body) => callWith(rest, key, method, path, body),
    withKey: (call) => call(key),
    ticket: enter,
    ended: (end) => void ended(end),
    kept: () => ({ shelf: NO_SHELF, sessionId }),
    wrote: () => undefined,
  });
  const { connection, actions } = chat;

  /** Each connection asks anew: whether the token and the session still hold is part of the answer. */
  async function enter(): Promise<Ticket | SessionEnd> {
    const { session, ticket, reason } = await callWith<ValidateSessionResponse>(
      rest,
      key,
      "GET",
      "/validate",
    );
    if (session) {
      chat.replica.adopt(session);
    }
    return ticket === undefined
      ? { reason: reason ?? "terminated", session }
      : { sessionId, ticket, issuedAt: environment.clock.now() };
  }

  async function ended(end: ConnectionEnd): Promise<void> {
    if ("session" in end) {
      chat.over(end);
    } else if (end.reason === "closed" && end.code === CLOSE_CODES.ended) {
      const entry = await enter().catch(() => undefined);
      chat.over(entry && "reason" in entry ? entry : TERMINATED);
    } else if (end.reason !== "offered") {
      const error = end.reason === "refused" ? end.error : closeError(end.code);
      store.patch({ status: "error", error });
    }
  }

  return {
    ...actions,
    start() {
      store.patch({ status: "creating", error: undefined });
      connection.start();
    },
    stop: () => connection.stop(),
    async updateConversation(change) {
      const { session } = store.get();
      if (!session) {
        throw unauthenticated();
      }
      const path = `/conversations/${encodeURIComponent(session.defaultConversationId)}`;
      await callWith(rest, key, "PATCH", path, change);
    },
  };
}

/** What a team's staff may ask beside a session. Each call rejects with `RequestError`. */
export interface OperatorApi {
  /** A team's active sessions, newest activity first. */
  activeSessions(teamId: string, cursor?: string): Promise<SessionList>;
}

export function createOperatorApi(
  options: Pick<OperatorClientOptions, "baseUrl" | "operatorToken" | "environment">,
): OperatorApi {
  const rest = createRest(options.baseUrl, environmentOf(options));
  return {
    activeSessions(teamId, cursor) {
      const query = new URLSearchParams({ status: "active", ...(cursor && { cursor }) });
      return rest("GET", `teams/${encodeURIComponent(teamId)}/sessions?${query}`, {
        token: options.operatorToken,
      });
    },
  };
}
