import type { UpdateConversationRequest } from "../../src/protocol/conversation.ts";
import type {
  ConversationList,
  CreateSessionRequest,
  MessagePage,
  RefreshSessionResponse,
  SessionList,
  SessionWithToken,
  ValidateSessionResponse,
} from "../../src/protocol/rest.ts";
import type {
  CreatedInvite,
  CreateInviteRequest,
  DeviceList,
  InviteList,
  RedeemedInvite,
  RedeemInviteRequest,
} from "../../src/protocol/sharing.ts";
import type { Clock, Environment } from "./environment.ts";
import { RequestError } from "./request-error.ts";

/** A call that has not been answered by then counts as a network error. */
export const REQUEST_TIMEOUT_MS = 15_000;

export interface MessagesQuery {
  readonly after?: number;
  readonly before?: number;
  readonly limit?: number;
}

/** What opens a session: a visitor's token, which names it, or an operator's beside its name. */
export type SessionKey = string | OperatorKey;

export interface OperatorKey {
  readonly operatorToken: string;
  readonly sessionId: string;
}

interface Call {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The REST calls of visitors and operators. Each rejects with `RequestError` and nothing else. */
export class RestClient {
  readonly #baseUrl: string;
  readonly #fetch: Environment["fetch"];
  readonly #clock: Clock;

  /** @param baseUrl where the API is: an origin, without a slash at the end */
  constructor(baseUrl: string, environment: Pick<Environment, "fetch" | "clock">) {
    this.#baseUrl = baseUrl;
    this.#fetch = environment.fetch;
    this.#clock = environment.clock;
  }

  /** Creates a session, or finds the one that this key created; the token is the caller's own either way. */
  create(request: CreateSessionRequest, idempotencyKey: string): Promise<SessionWithToken> {
    return this.#json({
      method: "POST",
      path: "/api/sessions/create",
      headers: { "idempotency-key": idempotencyKey },
      body: request,
    });
  }

  /** Whether the token's session goes on; slides its expiry and brings a ticket for the socket. */
  validate(key: SessionKey): Promise<ValidateSessionResponse> {
    return this.#json(bearing(key, "GET", "/validate", undefined));
  }

  /** Slides the expiry; with `rotate` the answer may bring a new token that replaces this one. */
  refresh(token: string, options: { readonly rotate: boolean }): Promise<RefreshSessionResponse> {
    return this.#json(bearing(token, "POST", "/refresh", options.rotate ? { rotate: true } : {}));
  }

  /** Ends the session for every device; ending it again succeeds. */
  async terminate(token: string): Promise<void> {
    await this.#call(bearing(token, "DELETE", "", undefined));
  }

  /** Turns an invite into a token of the caller's own. Not idempotent: each call takes one of the invite's uses. */
  redeem(request: RedeemInviteRequest): Promise<RedeemedInvite & SessionWithToken> {
    return this.#json({
      method: "POST",
      path: "/api/invites/redeem",
      headers: {},
      body: request,
    });
  }

  createInvite(token: string, request: CreateInviteRequest): Promise<CreatedInvite> {
    return this.#json(bearing(token, "POST", "/invites", request));
  }

  invites(token: string): Promise<InviteList> {
    return this.#json(bearing(token, "GET", "/invites", undefined));
  }

  /** Nobody comes in by it any more; with `revokeCredentials`, who did is shut out too. */
  async revokeInvite(
    token: string,
    inviteId: string,
    options: { readonly revokeCredentials: boolean },
  ): Promise<void> {
    const query = options.revokeCredentials ? "?revokeCredentials=true" : "";
    await this.#call(
      bearing(token, "DELETE", `/invites/${encodeURIComponent(inviteId)}${query}`, undefined),
    );
  }

  devices(token: string): Promise<DeviceList> {
    return this.#json(bearing(token, "GET", "/devices", undefined));
  }

  /** @param credentialId the device's, or `others` for all but the caller's */
  async revokeDevice(token: string, credentialId: string): Promise<void> {
    await this.#call(
      bearing(token, "DELETE", `/devices/${encodeURIComponent(credentialId)}`, undefined),
    );
  }

  /** One page of the session's messages, in `seq` order. */
  messages(key: SessionKey, query: MessagesQuery): Promise<MessagePage> {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      parameters.set(name, String(value));
    }
    return this.#json(bearing(key, "GET", `/messages?${parameters}`, undefined));
  }

  conversations(key: SessionKey): Promise<ConversationList> {
    return this.#json(bearing(key, "GET", "/conversations", undefined));
  }

  /** Who answers in a conversation, and whether it goes on: for operators. */
  async updateConversation(
    key: OperatorKey,
    conversationId: string,
    change: UpdateConversationRequest,
  ): Promise<void> {
    const path = `/conversations/${encodeURIComponent(conversationId)}`;
    await this.#call(bearing(key, "PATCH", path, change));
  }

  /** A team's active sessions, newest activity first: for operators. */
  activeSessions(operatorToken: string, teamId: string, cursor?: string): Promise<SessionList> {
    const query = new URLSearchParams({ status: "active", ...(cursor ? { cursor } : {}) });
    return this.#json({
      method: "GET",
      path: `/api/teams/${encodeURIComponent(teamId)}/sessions?${query}`,
      headers: { authorization: `Bearer ${operatorToken}` },
      body: undefined,
    });
  }

  /** The body's shape is the server's promise (src/protocol/rest.ts); it is not checked a second time here. */
  async #json<T>(call: Call): Promise<T> {
    const { status, text } = await this.#call(call);
    try {
      return JSON.parse(text);
    } catch (error) {
      throw RequestError.fromInvalidBody(status, error);
    }
  }

  async #call({ method, path, headers, body }: Call): Promise<{ status: number; text: string }> {
    const controller = new AbortController();
    const cancelTimeout = this.#clock.after(REQUEST_TIMEOUT_MS, () => controller.abort());
    try {
      const response = await this.#fetch(this.#baseUrl + path, {
        method,
        headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
        body: body === undefined ? null : JSON.stringify(body),
        cache: "no-store",
        credentials: "omit",
        signal: controller.signal,
      });
      if (!response.ok) {
        throw await RequestError.fromResponse(response);
      }
      return { status: response.status, text: await response.text() };
    } catch (error) {
      throw error instanceof RequestError ? error : RequestError.fromNetwork(error);
    } finally {
      cancelTimeout();
    }
  }
}

/** The session that a token opens: its first part. */
export function sessionIdOf(token: string): string {
  return token.slice(0, token.indexOf("."));
}

/** The device that a token belongs to: its second part, which rotation leaves as it is. */
export function credentialIdOf(token: string): string {
  return token.split(".")[1] ?? "";
}

/** A call about the session that a key opens. */
function bearing(key: SessionKey, method: Call["method"], path: string, body: unknown): Call {
  const [sessionId, token] =
    typeof key === "string" ? [sessionIdOf(key), key] : [key.sessionId, key.operatorToken];
  return {
    method,
    path: `/api/sessions/${encodeURIComponent(sessionId)}${path}`,
    headers: { authorization: `Bearer ${token}` },
    body,
  };
}
