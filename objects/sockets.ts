// What happens on a session's sockets: joining, the frames that clients send, delivery, presence. The rules of flow:
// a joining socket pulls its history and is then live; a live one that leaves a window unacknowledged has to resume.
// Long, because every frame and every way to lose a socket is told in this one place.
import { mayRole } from "../src/domain/access.ts";
import { CLOSE_CODES, type CloseCode } from "../src/protocol/close-codes.ts";
import type {
  ReadUpFrame,
  ReceivedFrame,
  SendFrame,
  TypingUpFrame,
  UpFrame,
} from "../src/protocol/frames.ts";
import { PRESENCE_LEASE_MS, WINDOW_BYTES } from "../src/protocol/limits.ts";
import type { CredentialRole } from "../src/protocol/session.ts";
import { SUBPROTOCOL } from "../src/protocol/version.ts";
import { decodeUp } from "../src/schemas/frames.ts";
import type { HistoryRequest } from "./calls.ts";
import { History } from "./history.ts";
import { newConnectionId } from "./ids.ts";
import type { MessageLog } from "./message-log.ts";
import type { MessageStore } from "./message-store.ts";
import { closeBack, type Peer, Peers } from "./peers.ts";
import { answer, refuse } from "./replies.ts";
import type { SessionState } from "./session-state.ts";
import type { SessionStore } from "./store.ts";

/** Joins and leaves within this time share one `presence` frame. */
const PRESENCE_DELAY_MS = 20;

/** Leases are looked at this often at most, and only when something happens anyway. */
const SWEEP_INTERVAL_MS = PRESENCE_LEASE_MS / 3;

export class Sockets {
  readonly #store: SessionStore;
  readonly #log: MessageLog;
  readonly #state: SessionState;
  readonly #history: History;
  readonly #peers: Peers;
  readonly #changed: () => void;
  #announcing = false;
  #sweptAt = 0;

  /** `changed` is called after a socket changed what the session waits for. */
  constructor(
    ctx: DurableObjectState,
    store: SessionStore,
    messages: MessageStore,
    log: MessageLog,
    state: SessionState,
    changed: () => void,
  ) {
    this.#store = store;
    this.#log = log;
    this.#state = state;
    this.#history = new History(messages, log);
    this.#peers = new Peers(ctx);
    this.#changed = changed;
  }

  get size(): number {
    return this.#peers.size;
  }

  get isOwnerHere(): boolean {
    return this.#peers.isOwnerHere;
  }

  /** The last sign of life of the owner's sockets, 0 without one. */
  get ownerHeardAt(): number {
    return this.#peers.ownerHeardAt;
  }

  connect(call: {
    readonly credentialId: string;
    readonly role: CredentialRole;
    readonly history: HistoryRequest;
  }): Response {
    const now = Date.now();
    const { 0: client, 1: server } = new WebSocketPair();
    const { cursor, truncated } = this.#history.start(call.history);
    const peer = this.#peers.accept(server, {
      connectionId: newConnectionId(),
      credentialId: call.credentialId,
      role: call.role,
      since: now,
      historyCursor: cursor,
      receivedSeq: cursor,
      receivedBytes: this.#history.bytesUpTo(cursor),
      isClosed: false,
      heardAt: now,
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
    if (truncated) peer.send({ type: "truncated", firstSeq: cursor + 1 });
    this.#history.advance(peer);
    void this.#announcePresence();
    return new Response(null, {
      status: 101,
      webSocket: client,
      headers: { "Sec-WebSocket-Protocol": SUBPROTOCOL },
    });
  }

  /** A frame from a client; bad ones are answered and change nothing. */
  frame(socket: WebSocket, data: string | ArrayBuffer): void {
    const peer = this.#peers.of(socket);
    if (peer === undefined) return;
    const now = Date.now();
    peer.heard(now);
    this.sweep(now);
    const { frame, errors } = decodeUp(data);
    for (const error of errors) peer.send({ type: "error", ...error });
    if (frame !== undefined) this.#handle(peer, frame);
  }

  /** A socket closed or broke. */
  closed(socket: WebSocket, code: number, wasClean: boolean): void {
    closeBack(socket, code);
    const peer = this.#peers.of(socket);
    if (peer === undefined) return;
    this.#peers.remove(socket);
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

  /** Lets go of connections whose clients are gone. Looked at only when something happens anyway. */
  sweep(now: number): void {
    if (now - this.#sweptAt < SWEEP_INTERVAL_MS) return;
    this.#sweptAt = now;
    this.#drop(this.#peers.expired(now), CLOSE_CODES.resync, "not heard of");
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
    return new Set(Array.from(this.#peers, (peer) => peer.credentialId));
  }

  /** Credentials were revoked: their connections are closed before anybody hears that they were. */
  closeRevoked(credentialIds: ReadonlySet<string>): void {
    const revoked = [...this.#peers].filter((peer) => credentialIds.has(peer.credentialId));
    this.#drop(revoked, CLOSE_CODES.unauthenticated, "credential revoked");
  }

  /** The session has ended. */
  end(): void {
    this.announceSession();
    this.#peers.closeAll(CLOSE_CODES.ended, "session ended");
  }

  #handle(peer: Peer, frame: UpFrame): void {
    switch (frame.type) {
      case "send":
        this.#send(peer, frame);
        break;
      case "typing":
        this.#typing(peer, frame);
        break;
      case "read":
        this.#read(peer, frame);
        break;
      case "received":
        this.#received(peer, frame);
        break;
    }
  }

  #send(peer: Peer, frame: SendFrame): void {
    const role = peer.role;
    if (!mayRole("postMessage", role)) {
      for (const { clientId } of frame.messages) refuse(peer, "forbidden", clientId);
      return;
    }
    this.#log.submit({
      sender: { role, credentialId: peer.credentialId },
      messages: frame.messages,
      settle: (outcomes) => answer(peer, outcomes),
    });
  }

  #typing(peer: Peer, { active, conversationId }: TypingUpFrame): void {
    if (!mayRole("setTyping", peer.role)) {
      refuse(peer, "forbidden");
      return;
    }
    const { connectionId, role } = peer;
    const conversation = conversationId ?? this.#state.record.defaultConversationId;
    if (!this.#store.hasConversation(conversation)) {
      refuse(peer, "conversation_not_found");
      return;
    }
    this.#peers.broadcast(
      { type: "typing", connectionId, role, conversationId: conversation, active },
      peer,
    );
  }

  #read(peer: Peer, { conversationId, seq }: ReadUpFrame): void {
    if (!mayRole("markRead", peer.role)) {
      refuse(peer, "forbidden");
      return;
    }
    if (!this.#store.hasConversation(conversationId)) {
      refuse(peer, "conversation_not_found");
      return;
    }
    const upTo = Math.min(seq, this.#log.head.lastSeq);
    if (this.#store.markRead(conversationId, "visitor", upTo)) {
      this.#peers.broadcast({ type: "read", conversationId, side: "visitor", seq: upTo });
    }
  }

  #received(peer: Peer, { seq }: ReceivedFrame): void {
    const sent = peer.historyCursor ?? this.#log.head.lastSeq;
    if (seq > sent) {
      peer.send({ type: "error", code: "invalid_frame", path: "/seq" });
      return;
    }
    if (seq > peer.receivedSeq) {
      peer.update({ receivedSeq: seq, receivedBytes: this.#history.bytesUpTo(seq) });
    }
    if (seq === peer.historyCursor) this.#history.advance(peer);
  }

  /** Lets go of connections. */
  #drop(peers: readonly Peer[], code: CloseCode, reason: string): void {
    if (peers.length === 0) return;
    const now = Date.now();
    for (const peer of peers) {
      this.#peers.remove(peer.socket);
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
