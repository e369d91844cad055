// One visitor's session: the actor that owns its state, its log and its sockets. Everything that can happen to a session
// enters here; nothing is acknowledged before it is stored, and an eviction between any two events changes nothing.
// Long, because it is the list of all that can happen, a few lines each.
import { DurableObject } from "cloudflare:workers";
import { signed } from "../src/domain/authorship.ts";
import type { TeamSettings } from "../src/domain/policy.ts";
import { CLOSE_CODES } from "../src/protocol/close-codes.ts";
import type { Conversation, UpdateConversationRequest } from "../src/protocol/conversation.ts";
import type { ErrorCode, Failure, Result } from "../src/protocol/errors.ts";
import type { ImportAnswer, ImportRequest } from "../src/protocol/import.ts";
import type { JsonObject } from "../src/protocol/json.ts";
import type {
  Message,
  MessagePiece,
  NewStreamedMessage,
  NewTeamMessage,
  StartedMessage,
} from "../src/protocol/message.ts";
import type { ConversationList, MessagePage } from "../src/protocol/rest.ts";
import type { CredentialRole, Session } from "../src/protocol/session.ts";
import type { DeviceList, Invite, InviteList } from "../src/protocol/sharing.ts";
import {
  auditActor,
  type Call,
  CONNECT_CALL_HEADER,
  type ConnectCall,
  type CreateCall,
  type Created,
  type CreateInviteCall,
  connectActor,
  type IdentifyCall,
  type MessagesQuery,
  type Posted,
  type RedeemCall,
  type RefreshCall,
  type Refreshed,
  type ReplayCall,
  type ResumeCall,
  staffOf,
} from "./calls.ts";
import { Entrance } from "./entrance.ts";
import { holderOf } from "./holder.ts";
import { postedOf } from "./replies.ts";
import { ROOM_AGAIN_MS } from "./sockets.ts";

const refused = (code: ErrorCode): Failure => ({ ok: false, code });

const TOO_MANY_SOCKETS: Failure = {
  ok: false,
  code: "too_many_sockets",
  retryAfterSeconds: ROOM_AGAIN_MS / 1000,
};

export class SessionObject extends DurableObject<Env> {
  readonly #entrance: Entrance;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#entrance = new Entrance(ctx, env);
  }

  /** Creates the session, or, called again under the same idempotency key, gives the caller a credential of its own. */
  async create(call: CreateCall): Promise<Result<Created>> {
    return await this.#entrance.create(call);
  }

  async validate(call: Call): Promise<Result<{ session: Session }>> {
    return await this.#entrance.as(call, "validate", ({ live, role }) => {
      live.touch(role);
      return { ok: true, session: live.view(role) };
    });
  }

  async refresh(call: RefreshCall): Promise<Result<Refreshed>> {
    return await this.#entrance.as(call, "refresh", ({ live, role }) => {
      const successor = live.access.rotate(call);
      live.refresh();
      return { ok: true, session: live.view(role), successor };
    });
  }

  async get(call: Call): Promise<Result<{ session: Session }>> {
    return await this.#entrance.as(call, "get", ({ live, role }) => ({
      ok: true,
      session: live.view(role),
    }));
  }

  async terminate(call: Call): Promise<Result<object>> {
    return await this.#entrance.as(call, "terminate", async ({ live }) => {
      if (live.state.isActive) await live.terminate(auditActor(call.actor));
      return { ok: true };
    });
  }

  /** Binds the session to a person, and gives the caller a new credential in place of all that there were. */
  async identify(call: IdentifyCall): Promise<Result<{ session: Session; isNew: boolean }>> {
    return await this.#entrance.as(call, "identify", async ({ live, role }) => {
      const identified = await live.identify(call);
      return identified.ok ? { ...identified, session: live.view(role) } : identified;
    });
  }

  /** Lets another device of the person in whose session this is. */
  async resume(call: ResumeCall): Promise<Result<{ session: Session }>> {
    return await this.#entrance.asNewcomer(call, "session_not_found", async (live) => {
      const refusal = live.access.resume(call);
      if (refusal) return refusal;
      live.touch("owner");
      await live.upkeep.project();
      return { ok: true, session: live.view("owner") };
    });
  }

  /** Whose session it is, for questions across a person's sessions; null while it is nobody's in particular. */
  async readIdentity(call: Call): Promise<Result<{ teamId: string; userId: string | null }>> {
    return await this.#entrance.as(call, "readIdentity", ({ live }) => ({
      ok: true,
      teamId: live.state.record.teamId,
      userId: live.state.record.userId,
    }));
  }

  async createInvite(call: CreateInviteCall): Promise<Result<{ invite: Invite }>> {
    return await this.#entrance.change(call, "createInvite", ({ live }) =>
      live.invites.create(call),
    );
  }

  async listInvites(call: Call): Promise<Result<InviteList>> {
    return await this.#entrance.as(call, "listInvites", ({ live }) => live.invites.list());
  }

  async revokeInvite(call: Call, id: string, andCredentials: boolean): Promise<Result<object>> {
    return await this.#entrance.change(call, "revokeInvite", ({ live }) =>
      live.invites.revoke(call, id, andCredentials),
    );
  }

  /** Lets somebody in who has the secret of an invite. */
  async redeem(call: RedeemCall): Promise<Result<{ session: Session; role: CredentialRole }>> {
    return await this.#entrance.asNewcomer(call, "invite_expired", async (live) => {
      const redeemed = live.invites.redeem(call);
      if (!redeemed.ok) return redeemed;
      await live.upkeep.project();
      return { ok: true, session: live.view(redeemed.role), role: redeemed.role };
    });
  }

  async listDevices(call: Call): Promise<Result<DeviceList>> {
    return await this.#entrance.as(call, "listDevices", ({ live }) => live.access.devices(call));
  }

  /** @param which a credential's id, or all others than the caller's */
  async revokeDevice(call: Call, which: string): Promise<Result<object>> {
    return await this.#entrance.change(call, "revokeDevice", ({ live }) =>
      live.access.revokeDevice(call, which),
    );
  }

  async listConversations(call: Call): Promise<Result<ConversationList>> {
    return await this.#entrance.as(call, "listConversations", ({ live, role }) =>
      live.conversations.list(role),
    );
  }

  async openConversation(call: Call): Promise<Result<{ conversation: Conversation }>> {
    return await this.#entrance.change(call, "openConversation", ({ live, role }) => {
      live.touch(role);
      return live.conversations.open(role, Date.now());
    });
  }

  async updateConversation(
    call: Call,
    id: string,
    request: UpdateConversationRequest,
  ): Promise<Result<{ conversation: Conversation }>> {
    return await this.#entrance.change(call, "updateConversation", ({ live }) =>
      live.conversations.update(call.actor, id, request),
    );
  }

  async listMessages(call: Call, query: MessagesQuery): Promise<Result<MessagePage>> {
    return await this.#entrance.as(call, "listMessages", ({ live }) =>
      live.conversations.history(query),
    );
  }

  async postMessage(call: Call, message: NewTeamMessage): Promise<Result<Posted>> {
    return await this.#entrance.as(call, "postMessage", async ({ live, role }) => {
      const { actor } = call;
      const credentialId = "credentialId" in actor ? actor.credentialId : null;
      const outcome = await live.log.append(
        { role, credentialId },
        signed(message, staffOf(actor)),
      );
      return postedOf(outcome);
    });
  }

  /** A message whose content is `body`, as it comes; settles at its end. */
  async streamMessage(
    call: Call,
    message: NewStreamedMessage,
    body: ReadableStream<Uint8Array>,
  ): Promise<Result<Posted>> {
    const posted = await this.#entrance.as(call, "streamMessage", ({ live }) =>
      live.streams.fromBody(signed(message, staffOf(call.actor)), body),
    );
    // Of a caller that was not let in nobody reads, and the sender would wait for ever.
    if (!body.locked) void body.cancel().catch(() => undefined);
    return posted;
  }

  /** Begins a message whose content comes by `appendMessage`. */
  async startMessage(call: Call, message: NewStreamedMessage): Promise<Result<StartedMessage>> {
    return await this.#entrance.as(call, "streamMessage", ({ live }) =>
      live.streams.start(signed(message, staffOf(call.actor))),
    );
  }

  async appendMessage(
    call: Call,
    messageId: string,
    piece: MessagePiece,
  ): Promise<Result<{ readonly length: number }>> {
    return await this.#entrance.as(call, "streamMessage", ({ live }) =>
      live.streams.append(messageId, piece),
    );
  }

  async finishMessage(
    call: Call,
    messageId: string,
    metadata: JsonObject | undefined,
  ): Promise<Result<{ readonly message: Message }>> {
    return await this.#entrance.as(call, "streamMessage", ({ live }) =>
      live.streams.finish(messageId, metadata),
    );
  }

  async redactMessage(call: Call, messageId: string): Promise<Result<object>> {
    return await this.#entrance.change(call, "redactMessage", ({ live }) =>
      live.redaction.redact(messageId, auditActor(call.actor), Date.now()),
    );
  }

  /** What an older client kept; see `Import`. */
  async importMessages(call: Call, request: ImportRequest): Promise<Result<ImportAnswer>> {
    return await this.#entrance.change(call, "importMessages", ({ live }) =>
      live.import.run(request, Date.now()),
    );
  }

  /** What the alarm should have done, asked for by the index, which believes the session to be over. */
  async reconcile(): Promise<void> {
    await this.#entrance.live?.upkeep.reconcile();
  }

  /** The administrator has changed the team; the Worker tells, so that nobody has to ask. */
  async teamChanged(team: TeamSettings): Promise<void> {
    this.#entrance.live?.adoptTeam(team);
  }

  /** Somebody asked that the team's webhook hears again what did not get through. */
  async resumeEvents(team: TeamSettings): Promise<void> {
    await this.#entrance.live?.resumeEvents(team);
  }

  /** Has the team's webhook hear again what happened from some time on; how many events that are. */
  async replayEvents(call: ReplayCall): Promise<Result<{ events: number }>> {
    return await this.#entrance.asTeam(call, call.teamId, async (live) => {
      const events = live.events.replay(call.since, call.actor, Date.now());
      if (events === undefined) return refused("webhook_not_found");
      await live.upkeep.project();
      return { ok: true, events };
    });
  }

  /** The team as this session last knew it: what the Worker goes by while the index is down. */
  async lastKnownTeam(): Promise<TeamSettings | undefined> {
    return this.#entrance.live?.state.team;
  }

  /** A socket's upgrade. A refusal comes back as its problem's code; the Worker tells the browser. */
  override async fetch(request: Request): Promise<Response> {
    const header = request.headers.get(CONNECT_CALL_HEADER);
    if (header === null) return new Response(null, { status: 400 });
    const { actor, history, ...word } = JSON.parse(header) as ConnectCall;
    const call: Call = { ...word, actor: connectActor(actor) };
    const connected = await this.#entrance.as(call, "connect", ({ live, role }) => {
      if (role === "team") return refused("forbidden");
      const now = Date.now();
      live.sockets.sweep(now);
      const holder = holderOf(actor, role, now);
      if (!live.sockets.hasRoomFor(holder)) return TOO_MANY_SOCKETS;
      live.touch(role);
      return { ok: true, response: live.sockets.connect(holder, history) };
    });
    return connected.ok ? connected.response : Response.json(connected);
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    await this.#entrance.live?.frame(socket, data);
  }

  override async webSocketClose(
    socket: WebSocket,
    code: number,
    _reason: string,
    wasClean: boolean,
  ): Promise<void> {
    this.#entrance.live?.closed(socket, code, wasClean);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    this.#entrance.live?.closed(socket, CLOSE_CODES.resync, false);
  }

  override async alarm(): Promise<void> {
    await this.#entrance.alarm();
  }
}
