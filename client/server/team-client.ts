// What a team's backend does with its key. Long, because a client is one object: each method names one call, no more.
import type { AuditEvent, AuditEventList } from "../../src/protocol/audit.ts";
import type { Conversation, UpdateConversationRequest } from "../../src/protocol/conversation.ts";
import type { CleanupResult, EraseReceipt } from "../../src/protocol/lifecycle.ts";
import type { Message, NewStreamedMessage, NewTeamMessage } from "../../src/protocol/message.ts";
import type {
  ConversationList,
  CreateSessionRequest,
  MessagePage,
  RefreshSessionResponse,
  SessionList,
  SessionStats,
  SessionWithToken,
  ValidateSessionResponse,
} from "../../src/protocol/rest.ts";
import type { Session, SessionStatus, SessionSummary } from "../../src/protocol/session.ts";
import type { CreateOperatorTokenRequest, OperatorToken } from "../../src/protocol/team.ts";
import type { ExportLine } from "../../src/protocol/transcript.ts";
import type { Fetch } from "./api.ts";
import { Api, queryOf } from "./api.ts";
import { ApiError } from "./api-error.ts";
import { FileCalls } from "./file-calls.ts";
import type { TextSource } from "./text-body.ts";
import { WebhookCalls } from "./webhook-calls.ts";

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_RETRIES = 3;
const KEY_BYTES = 16;

export interface TeamClientOptions {
  /** Where the Worker is, such as `https://chat.example`. */
  readonly baseUrl: string;
  /** The team that the key belongs to. */
  readonly teamId: string;
  /** `sk_…`; needs the scope that docs and `GET /api/openapi.json` name at each call. Never give it to a page. */
  readonly teamKey: string;
  /** The global one when it is left out. */
  readonly fetch?: Fetch;
  /** How long a call may take, each time that it is sent; 30 seconds when it is left out. Streamed answers take as long as they take. */
  readonly timeoutMs?: number;
  /** How often a call is sent again; 3 times when it is left out. Only calls that may take effect twice without harm are. */
  readonly maxRetries?: number;
}

export interface PageQuery {
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
  /** 1 to 100; 50 when it is left out. */
  readonly limit?: number;
}

export interface SessionsQuery extends PageQuery {
  readonly status?: SessionStatus;
  readonly country?: string;
  readonly device?: string;
  readonly userId?: string;
}

export interface MessagesQuery {
  readonly conversationId?: string;
  /** Messages after this `seq`, oldest first … */
  readonly after?: number;
  /** … or the ones before it; the newest when both are left out. */
  readonly before?: number;
  /** 1 to 200; 50 when it is left out. */
  readonly limit?: number;
}

export interface StoredMessage {
  readonly message: Message;
  /** False where a message with this `clientId` was stored before: that one is here, and nothing was added. */
  readonly isNew: boolean;
}

/**
 * A team's calls. Each rejects with `ApiError`. Those that may take effect twice without harm are sent again after a
 * failure that may pass, with jitter and as the server's `Retry-After` says: all that read or delete, `createSession`,
 * `refreshSession` and `postMessage`; the others after a 429 alone, `streamMessage` and `exportSession` never.
 */
export class TeamClient {
  /** Where the team's events go. */
  readonly webhook: WebhookCalls;
  /** What its messages carry. */
  readonly files: FileCalls;
  readonly #api: Api;
  readonly #teamId: string;
  readonly #team: string;

  constructor(options: TeamClientOptions) {
    if (!isConfidential(new URL(options.baseUrl))) {
      throw new TypeError("baseUrl must be https:, or the key would cross the network in clear");
    }
    this.#api = new Api({
      baseUrl: options.baseUrl.replace(/\/+$/, ""),
      bearer: options.teamKey,
      // Called on nothing, as the global one has to be.
      fetch: options.fetch ?? ((url, init) => fetch(url, init)),
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      maxRetries: options.maxRetries ?? DEFAULT_MAX_RETRIES,
    });
    this.#teamId = options.teamId;
    this.#team = `/api/teams/${encodeURIComponent(options.teamId)}`;
    this.files = new FileCalls(this.#api);
    this.webhook = new WebhookCalls(this.#api, this.#team);
  }

  /**
   * Opens a session for a visitor; the token is the visitor's key to it, shown this once.
   * @param options.idempotencyKey base64url of at least 128 random bits: the same one leads to the same session for ten
   * minutes. Without it the call makes its own, which covers its retries.
   */
  createSession(
    request: Omit<CreateSessionRequest, "teamId" | "tokenTransport" | "turnstileToken"> = {},
    options: { readonly idempotencyKey?: string } = {},
  ): Promise<SessionWithToken> {
    return this.#api.json({
      method: "POST",
      path: "/api/sessions/create",
      headers: { "idempotency-key": options.idempotencyKey ?? newIdempotencyKey() },
      body: { ...request, teamId: this.#teamId },
      repeatable: true,
    });
  }

  /** The session as it is; changes nothing. */
  async getSession(sessionId: string): Promise<Session> {
    return (await this.#get<{ session: Session }>(of(sessionId))).session;
  }

  /** Whether the session goes on, or why not; extends it. */
  validateSession(sessionId: string): Promise<ValidateSessionResponse> {
    return this.#get(of(sessionId, "/validate"));
  }

  /** Extends the session; `session_expired` or `session_terminated` when it is over. */
  refreshSession(sessionId: string): Promise<RefreshSessionResponse> {
    const path = of(sessionId, "/refresh");
    return this.#api.json({ method: "POST", path, body: {}, repeatable: true });
  }

  /** Ends the session for good, and closes its connections. */
  terminateSession(sessionId: string): Promise<void> {
    return this.#api.delete(of(sessionId));
  }

  /**
   * Removes all that is held about the session, now and for good, and says what that was; undefined where an earlier
   * attempt of this call had removed it, whose answer was lost.
   */
  eraseSession(sessionId: string): Promise<EraseReceipt | undefined> {
    const path = of(sessionId, "?erase=true");
    return this.#api.json({ method: "DELETE", path, repeatable: true });
  }

  /** All that is held about the session, line by line as it comes; throws where it breaks off before its `end`. */
  async *exportSession(sessionId: string): AsyncGenerator<ExportLine, void, undefined> {
    let last: ExportLine | undefined;
    for await (const text of this.#api.lines(of(sessionId, "/export"))) {
      last = JSON.parse(text) as ExportLine;
      yield last;
    }
    if (last?.type !== "end") throw ApiError.fromNetwork(new Error("the export broke off"));
  }

  /** A page of the team's sessions, newest activity first. */
  listSessions(query: SessionsQuery = {}): Promise<SessionList> {
    return this.#get(`${this.#team}/sessions${queryOf(query)}`);
  }

  /** All of them, page by page as they are asked for. */
  sessions(query: SessionsQuery = {}): AsyncGenerator<SessionSummary, void, undefined> {
    return items(query, async (page) => {
      const { sessions, nextCursor } = await this.listSessions(page);
      return { items: sessions, nextCursor };
    });
  }

  /** A page of the sessions of one browser, as far as its fingerprint tells; never a token. */
  findSessionsByFingerprint(fingerprint: string, query: PageQuery = {}): Promise<SessionList> {
    const [print, team] = [fingerprint, this.#teamId].map(encodeURIComponent);
    return this.#get(`/api/sessions/fingerprint/${print}/${team}${queryOf(query)}`);
  }

  /** All of them, page by page as they are asked for. */
  sessionsByFingerprint(
    fingerprint: string,
    query: PageQuery = {},
  ): AsyncGenerator<SessionSummary, void, undefined> {
    return items(query, async (page) => {
      const { sessions, nextCursor } = await this.findSessionsByFingerprint(fingerprint, page);
      return { items: sessions, nextCursor };
    });
  }

  /** How many sessions there are and were, and how long they last, in seconds. */
  getSessionStats(): Promise<SessionStats> {
    return this.#get(`/api/sessions/stats/${encodeURIComponent(this.#teamId)}`);
  }

  /** Has the team's sessions do what alarms missed, a bounded part of it; call it again while `more`. */
  cleanupExpiredSessions(): Promise<CleanupResult> {
    const path = "/api/sessions/cleanup";
    return this.#api.json({ method: "POST", path, body: {}, repeatable: true });
  }

  /** The session's threads, with what its team has not read. */
  async listConversations(sessionId: string): Promise<readonly Conversation[]> {
    const path = of(sessionId, "/conversations");
    return (await this.#get<ConversationList>(path)).conversations;
  }

  /** Opens another thread; `too_many_conversations` beyond 100. */
  async openConversation(sessionId: string): Promise<Conversation> {
    const path = of(sessionId, "/conversations");
    const call = { method: "POST", path, body: {}, repeatable: false } as const;
    return (await this.#api.json<{ conversation: Conversation }>(call)).conversation;
  }

  /** Sets where a thread stands: who answers, whose it is, whether it is done. What is left out stays as it is. */
  async updateConversation(
    sessionId: string,
    conversationId: string,
    change: UpdateConversationRequest,
  ): Promise<Conversation> {
    const path = of(sessionId, `/conversations/${encodeURIComponent(conversationId)}`);
    // Not repeated: somebody else's change may have come between.
    const call = { method: "PATCH", path, body: change, repeatable: false } as const;
    return (await this.#api.json<{ conversation: Conversation }>(call)).conversation;
  }

  /** A page of messages, in `seq` order. */
  listMessages(sessionId: string, query: MessagesQuery = {}): Promise<MessagePage> {
    return this.#get(of(sessionId, `/messages${queryOf(query)}`));
  }

  /** All messages after a `seq`, or from the first on, page by page as they are asked for. */
  async *messages(
    sessionId: string,
    query: Omit<MessagesQuery, "before"> = {},
  ): AsyncGenerator<Message, void, undefined> {
    let after: number | undefined = query.after ?? 0;
    while (after !== undefined) {
      const page: MessagePage = await this.listMessages(sessionId, { ...query, after });
      yield* page.messages;
      after = page.nextAfter;
    }
  }

  /** Stores a message once, however often its `clientId` is sent; without a role it is the `assistant`'s. */
  async postMessage(sessionId: string, message: NewTeamMessage): Promise<StoredMessage> {
    const path = of(sessionId, "/messages");
    const call = { method: "POST", path, body: message, repeatable: true } as const;
    return storedMessage(await this.#api.answer<{ message: Message }>(call));
  }

  /**
   * Shows an answer in every tab while it is being written, and stores it as one message when the source ends. Where a
   * visitor stops it, the source is let go of (`return()`, `cancel()`), and the message has `metadata.cancelled`. Throws
   * what the source throws; the message is then stored as far as it came, with `metadata.incomplete`.
   * Sent once: a second call with the same `clientId` brings what the first one stored, or `stream_in_progress`.
   * @param options.signal ends the call, as a source that throws does
   */
  async streamMessage(
    sessionId: string,
    message: NewStreamedMessage,
    source: TextSource,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<StoredMessage> {
    const path = of(sessionId, `/messages/stream${queryOf(message)}`);
    return storedMessage(
      await this.#api.stream<{ message: Message }>(path, source, options.signal),
    );
  }

  /** Takes a message back: its content is gone everywhere and for good, its place stays. */
  redactMessage(sessionId: string, messageId: string): Promise<void> {
    return this.#api.delete(of(sessionId, `/messages/${encodeURIComponent(messageId)}`));
  }

  /** Signs a member of the staff in, for at most twelve hours. */
  createOperatorToken(request: CreateOperatorTokenRequest): Promise<OperatorToken> {
    const path = `${this.#team}/operators`;
    return this.#api.json({ method: "POST", path, body: request, repeatable: false });
  }

  /** Signs a member of the staff out, everywhere within a minute. */
  revokeOperator(operatorId: string): Promise<void> {
    return this.#api.delete(`${this.#team}/operators/${encodeURIComponent(operatorId)}`);
  }

  /** A page of what happened to credentials, keys and people's data, newest first. */
  listAuditEvents(query: PageQuery = {}): Promise<AuditEventList> {
    return this.#get(`${this.#team}/audit-events${queryOf(query)}`);
  }

  /** All of it, page by page as it is asked for. */
  auditEvents(query: PageQuery = {}): AsyncGenerator<AuditEvent, void, undefined> {
    return items(query, async (page) => {
      const { events, nextCursor } = await this.listAuditEvents(page);
      return { items: events, nextCursor };
    });
  }

  #get<T>(path: string): Promise<T> {
    return this.#api.json<T>({ method: "GET", path, repeatable: true });
  }
}

export function createTeamClient(options: TeamClientOptions): TeamClient {
  return new TeamClient(options);
}

async function* items<T, Query extends PageQuery>(
  query: Query,
  read: (
    query: Query,
  ) => Promise<{ readonly items: readonly T[]; readonly nextCursor: string | undefined }>,
): AsyncGenerator<T, void, undefined> {
  let page: Query | undefined = query;
  while (page !== undefined) {
    const { items, nextCursor } = await read(page);
    yield* items;
    page = nextCursor === undefined ? undefined : { ...query, cursor: nextCursor };
  }
}

function of(sessionId: string, path = ""): string {
  return `/api/sessions/${encodeURIComponent(sessionId)}${path}`;
}

function storedMessage(answer: {
  readonly status: number;
  readonly body: { readonly message: Message };
}): StoredMessage {
  return { message: answer.body.message, isNew: answer.status === 201 };
}

function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** TLS, or this machine. */
function isConfidential({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}
