// A model of the API as far as the client's core calls it, and the witness of a run: what was created, stored, ended, and which
// secrets came that nobody should have had.
import type { Lifetimes } from "../../../src/domain/session-state.ts";
import { CLOSE_CODES } from "../../../src/protocol/close-codes.ts";
import { ERROR_STATUS, type ErrorCode } from "../../../src/protocol/errors.ts";
import { DEFAULT_PAGE_MESSAGES, TICKET_TTL_MS } from "../../../src/protocol/limits.ts";
import { TICKET_SUBPROTOCOL_PREFIX } from "../../../src/protocol/version.ts";
import { ModelPeer, type PeerLink } from "./model-peer.ts";
import { ModelSession } from "./model-session.ts";
import type { World } from "./world.ts";

export interface ModelRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: string;
}

export interface ModelAnswer {
  readonly status: number;
  readonly body: unknown;
  /** What the browser is to keep as its cookie; an empty one takes it away. */
  readonly cookie?: string;
}

type Transport = "bearer" | "cookie";

/** A caller whose token is good. */
interface Holder {
  readonly session: ModelSession;
  readonly credentialId: string;
  readonly secret: string;
  readonly transport: Transport;
}

export class ModelServer {
  readonly sessions = new Map<string, ModelSession>();
  /** Every token that was ever given out. */
  readonly secrets = new Set<string>();
  /** Calls with a secret that was replaced long before. */
  readonly thefts: string[] = [];
  /** Messages that were too much for the moment: what was on its way behind them may have come at a better one. */
  readonly limited = new Set<string>();
  /** When sessions were prolonged by call. */
  readonly refreshes: number[] = [];
  readonly #world: World;
  readonly #lifetimes: Lifetimes;
  readonly #byKey = new Map<string, ModelSession>();
  readonly #purged = new Set<string>();
  /** Messages are refused until then. */
  limitedUntil = 0;
  #minted = 0;

  constructor(world: World, lifetimes: Lifetimes) {
    this.#world = world;
    this.#lifetimes = lifetimes;
  }

  get now(): number {
    return this.#world.now;
  }

  note(what: string): void {
    this.#world.note("server", what);
  }

  /** The team writes into a session that goes on. */
  answer(session: ModelSession, content: string): void {
    const from = session.lastSeq;
    this.#minted += 1;
    session.expireIfDue(this.now);
    session.store({ clientId: `team-${this.#minted}`, content }, "assistant", this.now);
    session.deliver(from);
  }

  /** Forgets a session that is over. */
  purge(session: ModelSession): void {
    this.note(`purges ${session.id}`);
    this.#purged.add(session.id);
  }

  isPurged(session: ModelSession): boolean {
    return this.#purged.has(session.id);
  }

  request(request: ModelRequest): ModelAnswer {
    const { method, path } = request;
    if (path === "/api/sessions/create" && method === "POST") {
      const { tokenTransport = "bearer" } = JSON.parse(request.body);
      return this.#create(request.headers.get("idempotency-key") ?? "", tokenTransport);
    }
    const [, id = "", rest = ""] = /^\/api\/sessions\/([^/]+)(.*)$/.exec(path) ?? [];
    const holder = this.#holder(id, request.headers);
    if (!holder) {
      return refusal("invalid_credential");
    }
    const { session } = holder;
    session.expireIfDue(this.now);
    switch (`${method} ${rest}`) {
      case "GET /validate":
        session.touch(this.now);
        return { status: 200, body: this.#validated(holder) };
      case "POST /refresh":
        return session.status === "active"
          ? this.#refreshed(holder, request.body.includes('"rotate":true'))
          : refusal(`session_${session.status}`);
      case "DELETE ":
        this.note(`terminates ${id}`);
        session.terminate(this.now);
        return {
          status: 204,
          body: undefined,
          ...(holder.transport === "cookie" && { cookie: "" }),
        };
      case "GET /messages":
        return { status: 200, body: page(session, request.query) };
      case "GET /conversations":
        return session.status === "active"
          ? { status: 200, body: { conversations: [conversation(session)] } }
          : refusal(`session_${session.status}`);
      default:
        return refusal("not_found");
    }
  }

  /** A socket is asked for; what comes back takes its frames, or has closed it already. */
  connect(url: URL, protocols: readonly string[], link: PeerLink): ModelPeer | undefined {
    const id = url.pathname.split("/")[3] ?? "";
    const ticket = protocols.find((one) => one.startsWith(TICKET_SUBPROTOCOL_PREFIX)) ?? "";
    const [sessionId, credentialId = "", until] = ticket
      .slice(TICKET_SUBPROTOCOL_PREFIX.length)
      .split("~");
    const session = this.#session(id);
    if (!session?.has(credentialId) || sessionId !== id || Number(until) < this.now) {
      link.close(CLOSE_CODES.unauthenticated, "invalid_credential");
      return undefined;
    }
    session.expireIfDue(this.now);
    if (session.status !== "active") {
      link.close(CLOSE_CODES.ended, `session_${session.status}`);
      return undefined;
    }
    const after = url.searchParams.get("after");
    const tail = Number(url.searchParams.get("tail"));
    this.#minted += 1;
    const peer = new ModelPeer(this, session, credentialId, link);
    const cursor = after === null ? Math.max(0, session.lastSeq - tail) : Number(after);
    peer.open(cursor, `k${this.#minted}`);
    return peer;
  }

  #create(key: string, transport: Transport): ModelAnswer {
    const known = this.#byKey.get(key);
    known?.expireIfDue(this.now);
    if (known && !known.isKeyGood(this.now)) {
      return refusal("idempotency_key_expired");
    }
    const session = known ?? new ModelSession(this.#nextId("S"), this.#lifetimes, this.now);
    this.sessions.set(session.id, session);
    this.#byKey.set(key, session);
    const credentialId = this.#nextId("c");
    const secret = `${this.#nextId("secret")}-000`;
    session.addCredential(credentialId, secret, this.now);
    this.note(`${known ? "finds" : "creates"} ${session.id}`);
    const token = this.#token({ session, credentialId, secret });
    const ticket = this.#ticket({ session, credentialId });
    return opened(known ? 200 : 201, { session: session.view(), ticket }, transport, token);
  }

  #validated(holder: Holder): object {
    const { session } = holder;
    const { status } = session;
    return status === "active"
      ? { isValid: true, session: session.view(), ticket: this.#ticket(holder) }
      : { isValid: false, session: session.view(), reason: status };
  }

  #refreshed(holder: Holder, force: boolean): ModelAnswer {
    const { session, credentialId, secret, transport } = holder;
    const { now } = this;
    this.refreshes.push(now);
    const successor = successorOf(secret);
    const isRotated = session.rotate(credentialId, secret, successor, {
      force,
      oneAtATime: transport === "cookie",
      now,
    });
    session.refresh(now);
    session.announce();
    const token = isRotated ? this.#token({ session, credentialId, secret: successor }) : undefined;
    return opened(200, { session: session.view(), ticket: this.#ticket(holder) }, transport, token);
  }

  #holder(id: string, headers: Headers): Holder | undefined {
    const bearer = headers.get("authorization")?.slice("Bearer ".length);
    const transport = bearer === undefined ? "cookie" : "bearer";
    const token = bearer ?? headers.get("cookie") ?? "";
    const [sessionId, credentialId = "", secret = ""] = token.split(".");
    const session = this.#session(id);
    if (!session || sessionId !== id) {
      return undefined;
    }
    const presented = session.present(credentialId, secret, this.now);
    if (presented === "stolen") {
      this.note(`takes the holder of ${secret} for a thief`);
      this.thefts.push(`${id} ${credentialId} ${secret}`);
    }
    return presented === "good" ? { session, credentialId, secret, transport } : undefined;
  }

  #session(id: string): ModelSession | undefined {
    return this.#purged.has(id) ? undefined : this.sessions.get(id);
  }

  #token({ session, credentialId, secret }: Omit<Holder, "transport">): string {
    this.secrets.add(secret);
    return `${session.id}.${credentialId}.${secret}`;
  }

  #ticket({ session, credentialId }: Pick<Holder, "session" | "credentialId">): string {
    return `${session.id}~${credentialId}~${this.now + TICKET_TTL_MS}`;
  }

  #nextId(kind: string): string {
    this.#minted += 1;
    return `${kind}${String(this.#minted).padStart(6, "0")}`;
  }
}

/** As long as the one before it, and the same whoever asks. */
function successorOf(secret: string): string {
  const [base, turn] = secret.split("-");
  return `${base}-${String(Number(turn) + 1).padStart(3, "0")}`;
}

/** The token goes into the body or into the cookie. */
function opened(
  status: number,
  body: object,
  transport: Transport,
  token: string | undefined,
): ModelAnswer {
  if (token === undefined) {
    return { status, body };
  }
  return transport === "cookie"
    ? { status, body, cookie: token }
    : { status, body: { ...body, token } };
}

function page(session: ModelSession, query: URLSearchParams): object {
  const limit = Number(query.get("limit") ?? DEFAULT_PAGE_MESSAGES);
  const before = Number(query.get("before") ?? Number.POSITIVE_INFINITY);
  const messages = session.log.filter(({ seq }) => seq < before).slice(-limit);
  const first = messages[0]?.seq ?? 1;
  return { messages, ...(first > 1 && { nextBefore: first }) };
}

function conversation(session: ModelSession): object {
  const { conversationId: id, lastSeq } = session;
  const { createdAt } = session.view();
  return { id, status: "open", handledBy: "bot", createdAt, lastSeq, unread: 0 };
}

function refusal(code: ErrorCode): ModelAnswer {
  return { status: ERROR_STATUS[code], body: { code, title: code, status: ERROR_STATUS[code] } };
}
