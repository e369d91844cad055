// One visitor's session: the actor that owns its state, its log and its sockets. Everything that can happen to a session
// enters here; nothing is acknowledged before it is stored, and an eviction between any two events changes nothing.
import { DurableObject } from "cloudflare:workers";
import { type SessionOperation, slidesExpiry } from "../src/domain/access.ts";
import { earliest } from "../src/domain/deadlines.ts";
import type { TeamSettings } from "../src/domain/policy.ts";
import { isoTime, type Viewer } from "../src/domain/view.ts";
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
import type { CredentialRole, Session } from "../src/protocol/session.ts";
import { Alarm } from "./alarm.ts";
import {
  type Call,
  CONNECT_CALL_HEADER,
  type ConnectCall,
  type CreateCall,
  type Created,
  type MessagesQuery,
  type Posted,
  type Validated,
} from "./calls.ts";
import { newConversationId } from "./ids.ts";
import { IndexProjector, SESSION_ENTITY } from "./index-projector.ts";
import { MessageLog } from "./message-log.ts";
import { MessageStore } from "./message-store.ts";
import { newSession, SessionLife } from "./session-life.ts";
import { Sockets } from "./sockets.ts";
import { SessionStore, type StoredSession } from "./store.ts";

/** A caller waits this long for the index at most; the object goes on trying by itself. */
const INDEX_WAIT_MS = 2_000;

const ALARM_RETRY_MS = 60_000;

/** What a created session consists of while its object is awake. */
interface Parts {
  readonly life: SessionLife;
  readonly messages: MessageStore;
  readonly log: MessageLog;
  readonly sockets: Sockets;
  readonly projector: IndexProjector;
}

type Admitted = Parts & { readonly ok: true; readonly role: CredentialRole | "team" };

export class SessionObject extends DurableObject<Env> {
  readonly #store: SessionStore;
  readonly #alarm: Alarm;
  /** Undefined while no session was created under this name. */
  #parts: Parts | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new SessionStore(ctx.storage);
    this.#alarm = new Alarm(ctx.storage);
    void ctx.blockConcurrencyWhile(() => this.#alarm.load());
    const stored = this.#store.open();
    if (stored !== undefined) this.#parts = this.#assemble(stored);
  }

  async create(call: CreateCall): Promise<Result<Created>> {
    const now = Date.now();
    const credential = {
      ...call.credential,
      role: "owner",
      createdAt: now,
      revokedAt: null,
    } as const;
    if (this.#parts === undefined) {
      const { stored, conversation } = newSession(
        { ...call, defaultConversationId: newConversationId() },
        call.team,
        now,
      );
      const parts = this.#store.transaction(() => {
        this.#store.create(stored, conversation);
        this.#store.addCredential(credential);
        const assembled = this.#assemble(stored);
        assembled.projector.mark(SESSION_ENTITY, now);
        assembled.projector.mark(conversation.id, now);
        return assembled;
      });
      this.#parts = parts;
      this.#arm(parts);
      await this.#project(parts);
      return { ok: true, session: view(parts, "owner"), isNew: true };
    }
    const parts = this.#settled(this.#parts, now);
    const { life } = parts;
    if (!life.isActive || now - life.record.createdAt > IDEMPOTENCY_WINDOW_MS) {
      return { ok: false, code: "idempotency_key_expired" };
    }
    if (life.credentialCount >= MAX_CREDENTIALS_PER_SESSION) {
      return { ok: false, code: "too_many_credentials" };
    }
    life.addCredential(credential);
    return { ok: true, session: view(parts, "owner"), isNew: false };
  }

  async validate(call: Call): Promise<Result<Validated>> {
    const parts = this.#admit(call, "validate");
    if (!parts.ok) return parts;
    if (slidesExpiry(parts.role)) this.#touch(parts, false);
    return { ok: true, isValid: parts.life.isActive, session: view(parts, parts.role) };
  }

  async refresh(call: Call): Promise<Result<{ session: Session }>> {
    const parts = this.#admit(call, "refresh");
    if (!parts.ok) return parts;
    this.#touch(parts, true);
    parts.sockets.announceSession();
    return { ok: true, session: view(parts, parts.role) };
  }

  async get(call: Call): Promise<Result<{ session: Session }>> {
    const parts = this.#admit(call, "get");
    if (!parts.ok) return parts;
    return { ok: true, session: view(parts, parts.role) };
  }

  async terminate(call: Call): Promise<Result<object>> {
    const parts = this.#admit(call, "terminate");
    if (!parts.ok) return parts;
    if (parts.life.isActive) {
      this.#end(parts, (life, now) => life.end("terminated", now));
      await this.#project(parts);
    }
    return { ok: true };
  }

  async listConversations(call: Call): Promise<Result<{ conversations: Conversation[] }>> {
    const parts = this.#admit(call, "listConversations");
    if (!parts.ok) return parts;
    const counts = this.#store.conversationCounts(parts.role === "team" ? "team" : "visitor");
    const conversations = this.#store.conversations().map(({ id, status, createdAt }) => ({
      id,
      status,
      createdAt: isoTime(createdAt),
      lastSeq: counts.get(id)?.lastSeq ?? 0,
      unread: counts.get(id)?.unread ?? 0,
    }));
    return { ok: true, conversations };
  }

  async openConversation(call: Call): Promise<Result<{ conversation: Conversation }>> {
    const parts = this.#admit(call, "openConversation");
    if (!parts.ok) return parts;
    if (this.#store.conversations().length >= MAX_CONVERSATIONS_PER_SESSION) {
      return { ok: false, code: "too_many_conversations" };
    }
    const now = Date.now();
    const record = {
      id: newConversationId(),
      status: "open",
      version: 1,
      createdAt: now,
      updatedAt: now,
    } as const;
    this.#store.transaction(() => {
      this.#store.saveConversation(record);
      parts.projector.mark(record.id, now);
    });
    this.#arm(parts);
    await this.#project(parts);
    const { id, status } = record;
    const conversation = { id, status, createdAt: isoTime(now), lastSeq: 0, unread: 0 };
    return { ok: true, conversation };
  }

  async listMessages(call: Call, query: MessagesQuery): Promise<Result<MessagePage>> {
    const parts = this.#admit(call, "listMessages");
    if (!parts.ok) return parts;
    const { conversationId, after, before, limit } = query;
    if (conversationId !== undefined && !this.#store.hasConversation(conversationId)) {
      return { ok: false, code: "conversation_not_found" };
    }
    const order = after === undefined ? "descending" : "ascending";
    const { entries, more } = parts.messages.page({
      conversationId,
      after: after ?? 0,
      before: before ?? Number.POSITIVE_INFINITY,
      order,
      limit,
      maxBytes: WINDOW_BYTES,
    });
    const messages = entries.map((entry) => entry.message);
    if (order === "descending") messages.reverse();
    const first = messages[0]?.seq;
    const last = messages.at(-1)?.seq;
    return {
      ok: true,
      messages,
      ...(order === "ascending" && more && last !== undefined && { nextAfter: last }),
      ...(order === "descending" && more && first !== undefined && { nextBefore: first }),
    };
  }

  async postMessage(call: Call, message: NewTeamMessage): Promise<Result<Posted>> {
    const parts = this.#admit(call, "postMessage");
    if (!parts.ok) return parts;
    const { role } = parts;
    const { actor } = call;
    const sender = {
      side: role === "team" ? "team" : "visitor",
      credentialId: actor.kind === "team" ? null : actor.credentialId,
      slides: slidesExpiry(role),
    } as const;
    return new Promise((resolve) => {
      parts.log.submit({
        sender,
        messages: [message],
        settle: ([outcome]) => {
          if (outcome === undefined) throw new Error("a submitted message has no outcome");
          resolve(
            outcome.kind === "refused"
              ? { ok: false, code: outcome.code }
              : { ok: true, message: outcome.message, isNew: outcome.kind === "stored" },
          );
        },
      });
    });
  }

  /** The team as this session last knew it: what the Worker goes by while the index is down. */
  async lastKnownTeam(): Promise<TeamSettings | undefined> {
    return this.#parts?.life.team;
  }

  /** A socket's upgrade. Refusals are a status with the problem's code; the Worker tells the browser. */
  override async fetch(request: Request): Promise<Response> {
    const header = request.headers.get(CONNECT_CALL_HEADER);
    if (header === null) return new Response(null, { status: 400 });
    const { credentialId, team, history } = JSON.parse(header) as ConnectCall;
    const parts = this.#admit({ actor: { kind: "ticket", credentialId }, team }, "connect");
    if (!parts.ok) return Response.json(parts, { status: 403 });
    const { life, sockets, role } = parts;
    const limit = life.team.policy.limits.socketsPerSession;
    if (limit !== null && sockets.size >= limit) {
      const full: Failure = { ok: false, code: "too_many_sockets", retryAfterSeconds: 60 };
      return Response.json(full, { status: 429 });
    }
    if (slidesExpiry(role)) this.#touch(parts, false);
    return sockets.connect({ credentialId, role: role as CredentialRole, history });
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    if (this.#parts !== undefined)
      this.#settled(this.#parts, Date.now()).sockets.frame(socket, data);
  }

  override async webSocketClose(
    socket: WebSocket,
    code: number,
    _reason: string,
    wasClean: boolean,
  ): Promise<void> {
    this.#parts?.sockets.closed(socket, code, wasClean);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    this.#parts?.sockets.closed(socket, CLOSE_CODES.resync, false);
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    const parts = this.#parts;
    if (parts === undefined) return;
    try {
      await this.#catchUp(parts, Date.now());
      this.#arm(parts);
    } catch (error) {
      // A throwing alarm is retried six times and then never again; this one always comes back.
      console.error({ event: "alarm_failed", error: String(error) });
      this.#alarm.armBy(Date.now() + ALARM_RETRY_MS);
    }
  }

  /** Does what is due: the session's end, the index's touches, its retries. */
  async #catchUp(parts: Parts, now: number): Promise<void> {
    const { life, sockets, projector } = this.#settled(parts, now);
    const flushDue = life.touchFlushDue(sockets.isOwnerHere);
    if (flushDue !== undefined && flushDue <= now) {
      this.#store.transaction(() => {
        life.writeSlide(now);
        projector.mark(SESSION_ENTITY, now);
      });
      return projector.run();
    }
    const retryDue = projector.dueAt();
    if (retryDue !== undefined && retryDue <= now) await projector.run();
  }

  #assemble(stored: StoredSession): Parts {
    const life = new SessionLife(this.#store, stored);
    const messages = new MessageStore(this.ctx.storage.sql);
    const log = new MessageLog(this.#store, messages, {
      refusal: ({ credentialId }, now) => {
        if (life.isOverdue(now)) return "session_expired";
        const isGone = credentialId !== null && !life.isCredentialGood(credentialId);
        return life.endedCode() ?? (isGone ? "invalid_credential" : undefined);
      },
      get quotaBytes() {
        return life.team.policy.limits.bytesPerSession;
      },
      defaultConversationId: stored.record.defaultConversationId,
      stored: (now, slides) => {
        if (slides) life.slid(now);
        this.#arm(parts);
      },
      deliver: (deliveries) => sockets.deliver(deliveries),
    });
    const sockets = new Sockets(this.ctx, this.#store, messages, log, life, () => this.#arm(parts));
    const projector = new IndexProjector(this.env, this.#store, life);
    const parts: Parts = { life, messages, log, sockets, projector };
    return parts;
  }

  /** Lets `call` in to do `operation`, or says why not. */
  #admit(call: Call, operation: SessionOperation): Admitted | Failure {
    if (this.#parts === undefined) {
      const isTeam = call.actor.kind === "team";
      return { ok: false, code: isTeam ? "session_not_found" : "invalid_credential" };
    }
    this.#parts.life.adoptTeam(call.team);
    const parts = this.#settled(this.#parts, Date.now());
    const admitted = parts.life.admit(call.actor, operation);
    return admitted.ok ? { ...parts, ok: true, role: admitted.role } : admitted;
  }

  /** The parts, after the session was ended if its deadline is behind: a late alarm lets nobody through. */
  #settled(parts: Parts, now: number): Parts {
    const { life, sockets } = parts;
    if (!life.isOverdue(now)) return parts;
    life.heardUntil(sockets.ownerHeardAt, now);
    if (life.isOverdue(now)) {
      this.#end(parts, () => life.settle(now));
      this.ctx.waitUntil(this.#project(parts));
    }
    return parts;
  }

  /** Settles what was submitted, then ends the session and closes its sockets. After it, nothing is stored or delivered. */
  #end(parts: Parts, apply: (life: SessionLife, now: number) => void): void {
    const now = Date.now();
    parts.log.flush();
    this.#store.transaction(() => {
      apply(parts.life, now);
      parts.projector.mark(SESSION_ENTITY, now);
    });
    parts.sockets.end();
    this.#arm(parts);
  }

  #touch(parts: Parts, force: boolean): void {
    if (parts.life.touch(Date.now(), force)) this.#arm(parts);
  }

  /** One alarm, for the earliest of what the session waits for. */
  #arm({ life, sockets, projector }: Parts): void {
    this.#alarm.armBy(
      earliest(life.deadlineAt(), life.touchFlushDue(sockets.isOwnerHere), projector.dueAt()),
    );
  }

  /** Tells the index now; a slow or failing one is left to the alarm. */
  async #project(parts: Parts): Promise<void> {
    const waited = new AbortController();
    const timeout = scheduler.wait(INDEX_WAIT_MS, { signal: waited.signal }).catch(() => undefined);
    await Promise.race([parts.projector.run(), timeout]);
    waited.abort();
    this.#arm(parts);
  }
}

function view({ life, log }: Parts, role: CredentialRole | "team"): Session {
  const viewer: Viewer = role === "owner" || role === "team" ? "full" : "guest";
  return life.view(log.head.lastSeq, viewer);
}
