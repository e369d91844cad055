// One visitor's session: the actor that owns its state, its log and its sockets. Everything that can happen to a session
// enters here; nothing is acknowledged before it is stored, and an eviction between any two events changes nothing.
import { DurableObject } from "cloudflare:workers";
import { type CallerRole, type SessionOperation, sideOf } from "../src/domain/access.ts";
import { newConversation } from "../src/domain/conversation-record.ts";
import type { TeamSettings } from "../src/domain/policy.ts";
import { viewConversation } from "../src/domain/view.ts";
import { CLOSE_CODES } from "../src/protocol/close-codes.ts";
import type { Conversation } from "../src/protocol/conversation.ts";
import type { Failure, Result } from "../src/protocol/errors.ts";
import {
  IDEMPOTENCY_WINDOW_MS,
  MAX_CONVERSATIONS_PER_SESSION,
  MAX_CREDENTIALS_PER_SESSION,
  WINDOW_BYTES,
} from "../src/protocol/limits.ts";
import type { NewTeamMessage } from "../src/protocol/message.ts";
import type { MessagePage } from "../src/protocol/rest.ts";
import type { Session } from "../src/protocol/session.ts";
import { Alarm } from "./alarm.ts";
import {
  type Call,
  CONNECT_CALL_HEADER,
  type ConnectCall,
  type CreateCall,
  type Created,
  type MessagesQuery,
  type Posted,
  unknownSession,
} from "./calls.ts";
import { newConversationId } from "./ids.ts";
import { LiveSession } from "./live-session.ts";
import { failureOf } from "./replies.ts";
import { SchemaTooNewError } from "./schema.ts";
import { newSession } from "./session-state.ts";
import { type Credential, SessionStore } from "./store.ts";

interface Admitted {
  readonly ok: true;
  readonly live: LiveSession;
  readonly role: CallerRole;
}

const FORBIDDEN: Failure = { ok: false, code: "forbidden" };
/** Connections that are dead are let go of about that often. */
const TOO_MANY_SOCKETS: Failure = { ok: false, code: "too_many_sockets", retryAfterSeconds: 30 };
const UNAVAILABLE: Failure = { ok: false, code: "unavailable" };

export class SessionObject extends DurableObject<Env> {
  readonly #store: SessionStore;
  readonly #alarm: Alarm;
  /** Undefined while no session was created under this name. */
  #live: LiveSession | undefined;
  /** What every call hears when the stored session is not for this code to touch. */
  #broken: Failure | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new SessionStore(ctx.storage);
    this.#alarm = new Alarm(ctx.storage);
    void ctx.blockConcurrencyWhile(() => this.#alarm.load());
    try {
      const stored = this.#store.open();
      if (stored) this.#live = new LiveSession(ctx, env, this.#store, this.#alarm, stored);
    } catch (error) {
      if (!(error instanceof SchemaTooNewError)) throw error;
      console.error({ event: "schema_too_new", error: error.message });
      this.#broken = UNAVAILABLE;
    }
  }

  /** Creates the session, or, called again under the same idempotency key, gives the caller a credential of its own. */
  async create(call: CreateCall): Promise<Result<Created>> {
    const { id, secretDigest } = call.credential;
    const createdAt = Date.now();
    const owner: Credential = { id, secretDigest, role: "owner", createdAt, revokedAt: null };
    if (this.#broken) return this.#broken;
    if (this.#live !== undefined) return this.#createAgain(this.#live, owner);
    const { stored, conversation } = newSession(
      { ...call, defaultConversationId: newConversationId() },
      call.team,
      createdAt,
    );
    const live = this.#store.transaction(() => {
      this.#store.create(stored, conversation);
      this.#store.addCredential(owner);
      const created = new LiveSession(this.ctx, this.env, this.#store, this.#alarm, stored);
      created.projector.markSession(createdAt);
      created.projector.markConversation(conversation.id, createdAt);
      return created;
    });
    this.#live = live;
    await live.project();
    return { ok: true, session: live.view("owner"), isNew: true };
  }

  #createAgain(live: LiveSession, owner: Credential): Result<Created> {
    const { state } = live;
    live.expireIfDue(owner.createdAt);
    if (!state.isActive || owner.createdAt - state.record.createdAt > IDEMPOTENCY_WINDOW_MS) {
      return { ok: false, code: "idempotency_key_expired" };
    }
    if (state.credentialCount >= MAX_CREDENTIALS_PER_SESSION) {
      return { ok: false, code: "too_many_credentials" };
    }
    state.addCredential(owner);
    return { ok: true, session: live.view("owner"), isNew: false };
  }

  async validate(call: Call): Promise<Result<{ session: Session }>> {
    const admitted = await this.#admit(call, "validate");
    if (!admitted.ok) return admitted;
    const { live, role } = admitted;
    live.touch(role);
    return { ok: true, session: live.view(role) };
  }

  async refresh(call: Call): Promise<Result<{ session: Session }>> {
    const admitted = await this.#admit(call, "refresh");
    if (!admitted.ok) return admitted;
    const { live, role } = admitted;
    live.refresh();
    return { ok: true, session: live.view(role) };
  }

  async get(call: Call): Promise<Result<{ session: Session }>> {
    const admitted = await this.#admit(call, "get");
    return admitted.ok ? { ok: true, session: admitted.live.view(admitted.role) } : admitted;
  }

  async terminate(call: Call): Promise<Result<object>> {
    const admitted = await this.#admit(call, "terminate");
    if (!admitted.ok) return admitted;
    const { live } = admitted;
    if (live.state.isActive) await live.terminate();
    return { ok: true };
  }

  async listConversations(call: Call): Promise<Result<{ conversations: Conversation[] }>> {
    const admitted = await this.#admit(call, "listConversations");
    if (!admitted.ok) return admitted;
    const { live, role } = admitted;
    const counts = live.messages.conversationCounts(sideOf(role));
    const conversations = this.#store
      .conversations()
      .map((record) => viewConversation(record, counts.get(record.id)));
    return { ok: true, conversations };
  }

  async openConversation(call: Call): Promise<Result<{ conversation: Conversation }>> {
    const admitted = await this.#admit(call, "openConversation");
    if (!admitted.ok) return admitted;
    if (this.#store.conversations().length >= MAX_CONVERSATIONS_PER_SESSION) {
      return { ok: false, code: "too_many_conversations" };
    }
    const { live, role } = admitted;
    live.touch(role);
    const now = Date.now();
    const record = newConversation(newConversationId(), now);
    this.#store.transaction(() => {
      this.#store.saveConversation(record);
      live.projector.markConversation(record.id, now);
    });
    await live.project();
    return { ok: true, conversation: viewConversation(record) };
  }

  async listMessages(call: Call, query: MessagesQuery): Promise<Result<MessagePage>> {
    const admitted = await this.#admit(call, "listMessages");
    if (!admitted.ok) return admitted;
    const { conversationId, after, before, limit } = query;
    if (conversationId !== undefined && !this.#store.hasConversation(conversationId)) {
      return { ok: false, code: "conversation_not_found" };
    }
    const isForward = after !== undefined;
    const { entries, more } = admitted.live.messages.page({
      conversationId,
      after: after ?? 0,
      before: before ?? Number.POSITIVE_INFINITY,
      order: isForward ? "ascending" : "descending",
      limit,
      maxBytes: WINDOW_BYTES,
    });
    const messages = entries.map((entry) => entry.message);
    const edge = more ? messages.at(-1)?.seq : undefined;
    if (!isForward) messages.reverse();
    if (edge === undefined) return { ok: true, messages };
    return { ok: true, messages, ...(isForward ? { nextAfter: edge } : { nextBefore: edge }) };
  }

  async postMessage(call: Call, message: NewTeamMessage): Promise<Result<Posted>> {
    const admitted = await this.#admit(call, "postMessage");
    if (!admitted.ok) return admitted;
    const { live, role } = admitted;
    const { actor } = call;
    const credentialId = "credentialId" in actor ? actor.credentialId : null;
    const signed =
      actor.kind === "operator" ? { ...message, role: actor.kind, author: actor.author } : message;
    const outcome = await live.log.append({ role, credentialId }, signed);
    return outcome.kind === "refused"
      ? failureOf(outcome)
      : { ok: true, message: outcome.message, isNew: outcome.kind === "stored" };
  }

  /** What the alarm should have done, asked for by the index, which believes the session to be over. */
  async reconcile(): Promise<void> {
    await this.#live?.reconcile();
  }

  /** The team as this session last knew it: what the Worker goes by while the index is down. */
  async lastKnownTeam(): Promise<TeamSettings | undefined> {
    return this.#live?.state.team;
  }

  /** A socket's upgrade. A refusal comes back as its problem's code; the Worker tells the browser. */
  override async fetch(request: Request): Promise<Response> {
    const header = request.headers.get(CONNECT_CALL_HEADER);
    if (header === null) return new Response(null, { status: 400 });
    const { credentialId, teamRevision, history } = JSON.parse(header) as ConnectCall;
    const call: Call = { actor: { kind: "ticket", credentialId }, teamRevision };
    const admitted = await this.#admit(call, "connect");
    if (!admitted.ok) return Response.json(admitted);
    const { live, role } = admitted;
    if (role === "team" || role === "operator") return Response.json(FORBIDDEN);
    live.sockets.sweep(Date.now());
    if (live.sockets.isFullFor(credentialId)) return Response.json(TOO_MANY_SOCKETS);
    live.touch(role);
    return live.sockets.connect({ credentialId, role, history });
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    this.#live?.expireIfDue(Date.now());
    this.#live?.sockets.frame(socket, data);
  }

  override async webSocketClose(
    socket: WebSocket,
    code: number,
    _reason: string,
    wasClean: boolean,
  ): Promise<void> {
    this.#live?.expireIfDue(Date.now());
    this.#live?.sockets.closed(socket, code, wasClean);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    this.#live?.expireIfDue(Date.now());
    this.#live?.sockets.closed(socket, CLOSE_CODES.resync, false);
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    await this.#live?.catchUp();
  }

  /** Lets `call` in to do `operation`, or says why not. */
  async #admit(call: Call, operation: SessionOperation): Promise<Admitted | Failure> {
    const live = this.#live;
    if (live === undefined) return this.#broken ?? unknownSession(call.actor);
    if ((call.teamRevision ?? 0) > live.state.team.revision) await live.learnTeam();
    const admitted = live.admit(call.actor, operation);
    return admitted.ok ? { ...admitted, live } : admitted;
  }
}
