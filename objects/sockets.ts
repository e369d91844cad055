// What happens to a session's sockets: joining, delivery, presence, and every way to lose one. The rules of flow: a joining
// socket pulls its history and is then live; a live one that leaves a window unacknowledged has to resume.
// Long, because each way in and out of the one list of sockets stands beside the others, a few lines each.
import { CLOSE_CODES, type CloseCode, closeReason } from "../src/protocol/close-codes.ts";
import type { DownFrame, RedactedFrame } from "../src/protocol/frames.ts";
import {
  MAX_REDACTIONS_TOLD,
  MAX_SOCKETS_PER_CREDENTIAL,
  PRESENCE_LEASE_MS,
  WINDOW_BYTES,
} from "../src/protocol/limits.ts";
import { SUBPROTOCOL } from "../src/protocol/version.ts";
import type { HistoryRequest } from "./calls.ts";
import { Frames } from "./frames.ts";
import { History } from "./history.ts";
import type { Holder } from "./holder.ts";
import { newConnectionId } from "./ids.ts";
import type { MessageLog } from "./message-log.ts";
import type { MessageStore } from "./message-store.ts";
import type { Peer } from "./peer.ts";
import { closeBack, Peers } from "./peers.ts";
import type { SessionState } from "./session-state.ts";
import { StaffWatch, type WatchedStaff } from "./staff-watch.ts";
import type { SessionStore } from "./store.ts";
import type { Streams } from "./streams.ts";

/** Joins and leaves within this time share one `presence` frame. */
const PRESENCE_DELAY_MS = 20;

/** Leases are looked at this often at most, and only when something happens anyway. */
const SWEEP_INTERVAL_MS = PRESENCE_LEASE_MS / 3;

/** Connections that are dead are let go of about that often. */
export const ROOM_AGAIN_MS = 30_000;

/** What of a session has to do with its sockets. */
interface Parts {
  readonly ctx: DurableObjectState;
  readonly store: SessionStore;
  readonly messages: MessageStore;
  readonly log: MessageLog;
  readonly state: SessionState;
  readonly streams: Streams;
  readonly loadStaff: WatchedStaff["load"];
  /** Called after a socket changed what the session waits for. */
  readonly changed: () => void;
}

export class Sockets {
  readonly #log: MessageLog;
  readonly #state: SessionState;
  readonly #messages: MessageStore;
  readonly #history: History;
  readonly #peers: Peers;
  readonly #frames: Frames;
  readonly #changed: () => void;
  #announcing = false;
  #sweptAt = 0;

  constructor({ ctx, store, messages, log, state, streams, loadStaff, changed }: Parts) {
    this.#log = log;
    this.#state = state;
    this.#messages = messages;
    this.#history = new History(messages, log, (peer) => {
      for (const mark of store.readMarks()) peer.send({ type: "read", ...mark });
      streams.catchUp(peer);
    });
    const staff = new StaffWatch({
      load: loadStaff,
      confirmed: (tokenId, at) => this.#staffConfirmed(tokenId, at),
      signedOut: (tokenId) => this.#closeStaff(tokenId),
    });
    this.#peers = new Peers(ctx, staff);
    this.#frames = new Frames(store, log, state, streams, this.#history, this.#peers);
    this.#changed = changed;
  }

  /** Whether there is room for another connection of a holder; for an owner's, a guest's is closed if need be. */
  hasRoomFor({ holderId, role }: Holder): boolean {
    const limit = this.#state.team.policy.limits.socketsPerSession;
    if (limit === null) return true;
    const counts = Map.groupBy(this.#peers, (peer) => peer.holderId);
    if ((counts.get(holderId)?.length ?? 0) >= MAX_SOCKETS_PER_CREDENTIAL) return false;
    if (role === "operator" || this.#peers.visitorCount < limit) return true;
    const [guests = []] = [...counts.values()]
      .filter(([one]) => role === "owner" && (one?.role === "writer" || one?.role === "reader"))
      .sort((a, b) => b.length - a.length);
    const reason = closeReason("too_many_sockets", ROOM_AGAIN_MS);
    this.#drop(guests.slice(-1), CLOSE_CODES.tooMany, reason);
    return guests.length > 0;
  }

  get isOwnerHere(): boolean {
    return this.#peers.isOwnerHere;
  }

  /** When the team's policy was last confirmed, 0 when nobody knows. */
  get teamConfirmedAt(): number {
    return this.#peers.teamConfirmedAt;
  }

  set teamConfirmedAt(at: number) {
    this.#peers.teamConfirmedAt = at;
  }

  /** The last sign of life of the owner's sockets, 0 without one. */
  get ownerHeardAt(): number {
    return this.#peers.ownerHeardAt;
  }

  connect({ holderId, role, operator }: Holder, history: HistoryRequest): Response {
    const now = Date.now();
    const { 0: client, 1: server } = new WebSocketPair();
    const { cursor, truncated } = this.#history.start(history);
    const peer = this.#peers.accept(server, {
      connectionId: newConnectionId(),
      holderId,
      role,
      operator,
      since: now,
      historyCursor: cursor,
      receivedSeq: cursor,
      receivedBytes: this.#history.bytesUpTo(cursor),
      isClosed: false,
      heardAt: now,
      teamConfirmedAt: this.teamConfirmedAt,
      frameCounts: undefined,
    });
    const { lastSeq } = this.#log.head;
    peer.send({
      type: "welcome",
      session: this.#state.view(lastSeq, peer.role),
      connectionId: peer.connectionId,
      role: peer.role,
      lastSeq,
      presence: this.#peers.presence(),
    });
    // Whoever resumes may still have what was taken back since; what follows comes as it is now.
    for (const redacted of this.#messages.redactedUpTo(cursor, MAX_REDACTIONS_TOLD)) {
      peer.send({ type: "redacted", ...redacted });
    }
    if (truncated) peer.send({ type: "truncated", firstSeq: cursor + 1 });
    this.#history.advance(peer);
    void this.#announcePresence();
    return new Response(null, {
      status: 101,
      webSocket: client,
      headers: { "Sec-WebSocket-Protocol": SUBPROTOCOL },
    });
  }

  /** What a frame that has just come has to wait for, if for anything; see staff-watch.ts. */
  beforeFrame(socket: WebSocket, now: number): Promise<void> | undefined {
    return this.#peers.of(socket)?.beforeFrame(now);
  }

  /** A frame from a client. */
  frame(socket: WebSocket, data: string | ArrayBuffer): void {
    const peer = this.#peers.of(socket);
    if (peer === undefined) return;
    const now = Date.now();
    peer.heard(now);
    this.sweep(now);
    const flood = this.#frames.receive(peer, data, now);
    if (flood !== undefined) {
      const reason = closeReason("rate_limited", flood.retryAfterMs);
      this.#drop([peer], CLOSE_CODES.tooMany, reason);
    }
  }

  /** A socket closed or broke. */
  closed(socket: WebSocket, code: number, wasClean: boolean): void {
    closeBack(socket, code);
    const peer = this.#peers.of(socket);
    if (peer === undefined) return;
    this.#peers.remove(socket);
    this.#frames.left(peer);
    const now = Date.now();
    this.#ownerLeft(peer, wasClean ? now : this.#peers.heardAt(peer), now);
    void this.#announcePresence();
  }

  /** New messages, stored by now, to everyone who is live. */
  deliver(frames: readonly string[]): void {
    const { totalBytes } = this.#log.head;
    const tooFarBehind: Peer[] = [];
    for (const peer of this.#peers) {
      if (peer.historyCursor !== null) continue;
      if (totalBytes - peer.receivedBytes > WINDOW_BYTES) tooFarBehind.push(peer);
      else for (const text of frames) peer.sendText(text);
    }
    this.#drop(tooFarBehind, CLOSE_CODES.resync, "too far behind");
  }

  /** Something that is no part of the log, to everyone who is live. */
  toLive(frame: DownFrame): void {
    const text = JSON.stringify(frame);
    for (const peer of this.#peers) if (peer.historyCursor === null) peer.sendText(text);
  }

  /** Lets go of connections whose clients are gone. Looked at only when something happens anyway. */
  sweep(now: number): void {
    if (now - this.#sweptAt < SWEEP_INTERVAL_MS) return;
    this.#sweptAt = now;
    this.#drop(this.#peers.expired(now), CLOSE_CODES.resync, "not heard of");
  }

  /** A message's content is gone from the log. */
  announceRedaction(redacted: Omit<RedactedFrame, "type">): void {
    this.#peers.broadcast({ type: "redacted", ...redacted });
  }

  /** The session record changed in a way that its readers should see. */
  announceSession(): void {
    const { lastSeq } = this.#log.head;
    for (const peer of this.#peers) {
      peer.send({ type: "session", session: this.#state.view(lastSeq, peer.role) });
    }
  }

  /** Those of which a connection is open. */
  credentialIds(): ReadonlySet<string> {
    const ids = Array.from(this.#peers, (peer) => peer.credentialId);
    return new Set(ids.filter((id) => id !== null));
  }

  /** Credentials were revoked: their connections are closed before anybody hears that they were. */
  closeRevoked(credentialIds: ReadonlySet<string>): void {
    const revoked = [...this.#peers].filter(
      ({ credentialId }) => credentialId !== null && credentialIds.has(credentialId),
    );
    this.#drop(revoked, CLOSE_CODES.unauthenticated, "credential revoked");
  }

  #closeStaff(tokenId: string): void {
    this.#drop(this.#peers.ofToken(tokenId), CLOSE_CODES.unauthenticated, "signed out");
  }

  #staffConfirmed(tokenId: string, confirmedAt: number): void {
    for (const peer of this.#peers.ofToken(tokenId)) {
      if (peer.operator) peer.update({ operator: { ...peer.operator, confirmedAt } });
    }
  }

  /** The team is disabled. */
  closeDisabled(): void {
    this.#drop([...this.#peers], CLOSE_CODES.forbidden, closeReason("team_disabled", undefined));
  }

  /** The session has ended. */
  end(): void {
    this.announceSession();
    this.#peers.closeAll(CLOSE_CODES.ended, "session ended");
  }

  /** Lets go of connections. */
  #drop(peers: readonly Peer[], code: CloseCode, reason: string): void {
    if (peers.length === 0) return;
    const now = Date.now();
    for (const peer of peers) {
      this.#peers.remove(peer.socket);
      this.#frames.left(peer);
      peer.close(code, reason);
      this.#ownerLeft(peer, this.#peers.heardAt(peer), now);
    }
    void this.#announcePresence();
  }

  /** When the owner's last socket has gone, the visit is over: the index hears of it soon. */
  #ownerLeft(peer: Peer, heardAt: number, now: number): void {
    if (peer.role !== "owner" || this.isOwnerHere) return;
    this.#state.socketsClosed(heardAt, now);
    this.#changed();
  }

  async #announcePresence(): Promise<void> {
    if (this.#announcing) return;
    this.#announcing = true;
    await scheduler.wait(PRESENCE_DELAY_MS);
    this.#announcing = false;
    this.#peers.broadcast({ type: "presence", presence: this.#peers.presence() });
  }
}
