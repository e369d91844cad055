// The open sockets of a session: who is there, and what all of them are told. The map is a cache of the sockets' attachments.
import type { CloseCode } from "../src/protocol/close-codes.ts";
import { type DownFrame, PING, PONG, type Presence } from "../src/protocol/frames.ts";
import { MAX_PRESENCE, PRESENCE_LEASE_MS } from "../src/protocol/limits.ts";
import { type Attachment, Peer } from "./peer.ts";
import type { StaffWatch } from "./staff-watch.ts";

export class Peers {
  readonly #ctx: DurableObjectState;
  readonly #staff: StaffWatch;
  readonly #bySocket = new Map<WebSocket, Peer>();
  #teamConfirmedAt = 0;

  constructor(ctx: DurableObjectState, staff: StaffWatch) {
    this.#ctx = ctx;
    this.#staff = staff;
    for (const socket of ctx.getWebSockets()) {
      const peer = this.#restore(socket);
      if (peer === undefined) continue;
      this.#bySocket.set(socket, peer);
      this.#teamConfirmedAt = Math.max(this.#teamConfirmedAt, peer.teamConfirmedAt);
    }
  }

  get teamConfirmedAt(): number {
    return this.#teamConfirmedAt;
  }

  set teamConfirmedAt(at: number) {
    this.#teamConfirmedAt = at;
    for (const peer of this) peer.update({ teamConfirmedAt: at });
  }

  /** Takes a socket in, hibernating; pings are answered without waking the object. */
  accept(socket: WebSocket, attachment: Attachment): Peer {
    this.#ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    this.#ctx.acceptWebSocket(socket);
    socket.serializeAttachment(attachment);
    const peer = new Peer(socket, attachment, this.#staff);
    this.#bySocket.set(socket, peer);
    return peer;
  }

  /** Connections of visitors; the staff's take none of their room. */
  get visitorCount(): number {
    let count = 0;
    for (const { operator } of this) if (operator === undefined) count++;
    return count;
  }

  /** Connections of an operator's token. */
  ofToken(tokenId: string): readonly Peer[] {
    return [...this].filter((peer) => peer.operator?.tokenId === tokenId);
  }

  [Symbol.iterator](): IterableIterator<Peer> {
    return this.#bySocket.values();
  }

  /** The peer of a socket that an event is about; one that woke the object by closing is in no list any more. */
  of(socket: WebSocket): Peer | undefined {
    return this.#bySocket.get(socket) ?? this.#restore(socket);
  }

  /** Forgets a socket; false when it was forgotten before. */
  remove(socket: WebSocket): boolean {
    return this.#bySocket.delete(socket);
  }

  broadcast(frame: DownFrame, except?: Peer): void {
    const text = JSON.stringify(frame);
    for (const peer of this) if (peer !== except) peer.sendText(text);
  }

  closeAll(code: CloseCode, reason: string): void {
    for (const peer of this) peer.close(code, reason);
    this.#bySocket.clear();
  }

  /** Those whose lease ran out. */
  expired(now: number): readonly Peer[] {
    return [...this].filter((peer) => now - this.heardAt(peer) > PRESENCE_LEASE_MS);
  }

  get isOwnerHere(): boolean {
    for (const peer of this) if (peer.role === "owner") return true;
    return false;
  }

  /** The last sign of life of the owner's sockets, 0 without one. */
  get ownerHeardAt(): number {
    const owners = [...this].filter((peer) => peer.role === "owner");
    return Math.max(0, ...owners.map((peer) => this.heardAt(peer)));
  }

  heardAt(peer: Peer): number {
    return peer.lastHeardAt(this.#ctx);
  }

  presence(): Presence[] {
    return [...this].slice(0, MAX_PRESENCE).map((peer) => peer.presence);
  }

  #restore(socket: WebSocket): Peer | undefined {
    const attachment = socket.deserializeAttachment() as Attachment | null;
    return attachment === null || attachment.isClosed
      ? undefined
      : new Peer(socket, attachment, this.#staff);
  }
}

/** Codes that a close event reports but that no endpoint may send. */
const RESERVED_CODES: readonly number[] = [1005, 1006, 1015];

/** Completes the closing handshake. */
export function closeBack(socket: WebSocket, code: number): void {
  try {
    socket.close(RESERVED_CODES.includes(code) ? 1000 : code);
  } catch {
    return;
  }
}
