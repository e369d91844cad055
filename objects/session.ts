// One visitor's session: the actor that owns its state, its log and its sockets. Everything that can happen to a session
// enters here, or in the calls that it extends; nothing is acknowledged before it is stored, and an eviction between any
// two events changes nothing.
import type { TeamSettings } from "../src/domain/policy.ts";
import { CLOSE_CODES } from "../src/protocol/close-codes.ts";
import type { ErrorCode, Failure, Result } from "../src/protocol/errors.ts";
import type { Session } from "../src/protocol/session.ts";
import {
  auditActor,
  type Call,
  CONNECT_CALL_HEADER,
  type ConnectCall,
  type CreateCall,
  type Created,
  connectActor,
  type RefreshCall,
  type Refreshed,
  type ReplayCall,
} from "./calls.ts";
import { holderOf } from "./holder.ts";
import { LifecycleCalls } from "./lifecycle-calls.ts";
import { ROOM_AGAIN_MS } from "./sockets.ts";

const refused = (code: ErrorCode): Failure => ({ ok: false, code });

const TOO_MANY_SOCKETS: Failure = {
  ok: false,
  code: "too_many_sockets",
  retryAfterSeconds: ROOM_AGAIN_MS / 1000,
};

export class SessionObject extends LifecycleCalls {
  /** Creates the session, or, called again under the same idempotency key, gives the caller a credential of its own. */
  async create(call: CreateCall): Promise<Result<Created>> {
    return await this.entrance.create(call);
  }

  async validate(call: Call): Promise<Result<{ session: Session }>> {
    return await this.entrance.as(call, "validate", ({ live, role }) => {
      live.touch(role);
      return { ok: true, session: live.view(role) };
    });
  }

  async refresh(call: RefreshCall): Promise<Result<Refreshed>> {
    return await this.entrance.as(call, "refresh", ({ live, role }) => {
      const successor = live.access.rotate(call);
      live.refresh();
      return { ok: true, session: live.view(role), successor };
    });
  }

  async get(call: Call): Promise<Result<{ session: Session }>> {
    return await this.entrance.as(call, "get", ({ live, role }) => ({
      ok: true,
      session: live.view(role),
    }));
  }

  async terminate(call: Call): Promise<Result<object>> {
    return await this.entrance.as(call, "terminate", async ({ live }) => {
      if (live.state.isActive) await live.terminate(auditActor(call.actor));
      return { ok: true };
    });
  }

  /** The administrator has changed the team; the Worker tells, so that nobody has to ask. */
  async teamChanged(team: TeamSettings): Promise<void> {
    this.entrance.live?.adoptTeam(team);
  }

  /** Somebody asked that the team's webhook hears again what did not get through. */
  async resumeEvents(team: TeamSettings): Promise<void> {
    await this.entrance.live?.resumeEvents(team);
  }

  /** Has the team's webhook hear again what happened from some time on; how many events that are. */
  async replayEvents(call: ReplayCall): Promise<Result<{ events: number }>> {
    return await this.entrance.asTeam(call, call.teamId, async (live) => {
      const events = live.events.replay(call.since, call.actor, Date.now());
      if (events === undefined) return refused("webhook_not_found");
      await live.upkeep.project();
      return { ok: true, events };
    });
  }

  /** The team as this session last knew it: what the Worker goes by while the index is down. */
  async lastKnownTeam(): Promise<TeamSettings | undefined> {
    return this.entrance.live?.state.team;
  }

  /** A socket's upgrade. A refusal comes back as its problem's code; the Worker tells the browser. */
  override async fetch(request: Request): Promise<Response> {
    const header = request.headers.get(CONNECT_CALL_HEADER);
    if (header === null) return new Response(null, { status: 400 });
    const { actor, history, ...word } = JSON.parse(header) as ConnectCall;
    const call: Call = { ...word, actor: connectActor(actor) };
    const connected = await this.entrance.as(call, "connect", ({ live, role }) => {
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
    await this.entrance.live?.frame(socket, data);
  }

  override async webSocketClose(
    socket: WebSocket,
    code: number,
    _reason: string,
    wasClean: boolean,
  ): Promise<void> {
    this.entrance.live?.closed(socket, code, wasClean);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    this.entrance.live?.closed(socket, CLOSE_CODES.resync, false);
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    if (info?.isRetry) this.entrance.live?.upkeep.alarmRetried();
    await this.entrance.alarm();
  }
}
