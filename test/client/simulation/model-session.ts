// One session as the server has it: the rules are src/domain's own, what the objects do around them is retold here as far as a
// visitor's client can tell.
import {
  presentSecret,
  type RotationRequest,
  rotateSecret,
  type Secrets,
} from "../../../src/domain/credential.ts";
import {
  end,
  expireIfDue,
  isTouchDue,
  type Lifetimes,
  type SessionRecord,
  touch,
} from "../../../src/domain/session-state.ts";
import { isoTime, viewSession } from "../../../src/domain/view.ts";
import { CLOSE_CODES } from "../../../src/protocol/close-codes.ts";
import { IDEMPOTENCY_WINDOW_MS } from "../../../src/protocol/limits.ts";
import type { Message, MessageRole, NewMessage } from "../../../src/protocol/message.ts";
import type { Session } from "../../../src/protocol/session.ts";
import type { ModelPeer } from "./model-peer.ts";

export class ModelSession {
  readonly peers = new Set<ModelPeer>();
  readonly log: Message[] = [];
  readonly #byClientId = new Map<string, Message>();
  readonly #credentials = new Map<string, Secrets>();
  readonly #lifetimes: Lifetimes;
  #record: SessionRecord;

  constructor(id: string, lifetimes: Lifetimes, now: number) {
    this.#lifetimes = lifetimes;
    this.#record = {
      id,
      teamId: "demo",
      teamNumber: 1,
      status: "active",
      endReason: null,
      endedAt: null,
      archivedAt: null,
      version: 1,
      userId: null,
      userFingerprint: null,
      deviceInfo: {},
      locationInfo: {},
      createdAt: now,
      updatedAt: now,
      lastAccessed: now,
      defaultConversationId: `${id}-main`,
    };
  }

  get id(): string {
    return this.#record.id;
  }

  get status(): SessionRecord["status"] {
    return this.#record.status;
  }

  get createdAt(): number {
    return this.#record.createdAt;
  }

  /** 0 while it goes on. */
  get endedAt(): number {
    return this.#record.endedAt ?? 0;
  }

  get conversationId(): string {
    return this.#record.defaultConversationId;
  }

  get lastSeq(): number {
    return this.log.length;
  }

  view(): Session {
    return viewSession(this.#record, this.#lifetimes, this.lastSeq, "full");
  }

  /** Whether another device may still have a key by the idempotency key of the creation. */
  isKeyGood(now: number): boolean {
    return this.status === "active" && now - this.#record.createdAt <= IDEMPOTENCY_WINDOW_MS;
  }

  addCredential(credentialId: string, secret: string, now: number): void {
    const secrets = { digest: digestOf(secret), generation: 0, mintedAt: now, superseded: [] };
    this.#credentials.set(credentialId, secrets);
  }

  has(credentialId: string): boolean {
    return this.#credentials.has(credentialId);
  }

  /** Whether the secret opens. `stolen`: it was replaced, and whoever has it now should not. */
  present(credentialId: string, secret: string, now: number): "good" | "unknown" | "stolen" {
    const secrets = this.#credentials.get(credentialId);
    if (!secrets) {
      return "unknown";
    }
    const presented = presentSecret(secrets, digestOf(secret), now, isSame);
    if (!presented) {
      this.revoke(credentialId);
      return "stolen";
    }
    this.#credentials.set(credentialId, presented);
    return "good";
  }

  /** True when the holder of the secret has to go on with its successor. */
  rotate(
    credentialId: string,
    secret: string,
    successor: string,
    options: RotationRequest,
  ): boolean {
    const secrets = this.#credentials.get(credentialId);
    if (!secrets) {
      return false;
    }
    const presented = digestOf(secret);
    const rotated = rotateSecret(secrets, presented, [digestOf(successor)], options, isSame);
    this.#credentials.set(credentialId, rotated.secrets);
    return rotated.successor !== undefined;
  }

  revoke(credentialId: string): void {
    this.#credentials.delete(credentialId);
    for (const peer of [...this.peers]) {
      if (peer.credentialId === credentialId) {
        peer.close(CLOSE_CODES.unauthenticated, "credential revoked");
      }
    }
  }

  /** Whoever is connected and was heard of in time has kept it alive. */
  expireIfDue(now: number): void {
    if (expireIfDue(this.#record, this.#lifetimes, now) === this.#record) {
      return;
    }
    const heardAt = Math.max(0, ...[...this.peers].map((peer) => peer.heardAt));
    this.#record = touch(this.#record, heardAt, now);
    this.#change(expireIfDue(this.#record, this.#lifetimes, now));
  }

  touch(now: number): void {
    if (isTouchDue(this.#record, now)) {
      this.refresh(now);
    }
  }

  refresh(now: number): void {
    this.#record = touch(this.#record, now, now);
  }

  announce(): void {
    for (const peer of [...this.peers]) {
      peer.send({ type: "session", session: this.view() });
    }
  }

  terminate(now: number): void {
    this.#change(end(this.#record, "terminated", now, now));
  }

  /** The stored message of this visitor's, or a new one; undefined once the session has ended. */
  store(input: NewMessage, role: MessageRole, now: number): Stored | undefined {
    if (this.status !== "active") {
      return undefined;
    }
    const known = role === "user" ? this.#byClientId.get(input.clientId) : undefined;
    if (known) {
      return { message: known, isNew: false };
    }
    const seq = this.lastSeq + 1;
    const conversationId = input.conversationId ?? this.conversationId;
    const message: Message = {
      id: `${this.id}-m${seq}`,
      seq,
      clientId: input.clientId,
      conversationId,
      role,
      content: input.content,
      createdAt: isoTime(now),
      ...(input.metadata !== undefined && { metadata: input.metadata }),
    };
    this.log.push(message);
    this.#byClientId.set(input.clientId, message);
    this.refresh(now);
    return { message, isNew: true };
  }

  /** Messages that are stored by now, to everybody who is live. */
  deliver(from: number): void {
    const messages = this.log.slice(from);
    if (messages.length > 0) {
      for (const peer of [...this.peers]) {
        peer.live({ type: "messages", from, to: this.lastSeq, messages });
      }
    }
  }

  #change(record: SessionRecord): void {
    const isOver = this.status === "active" && record.status !== "active";
    this.#record = record;
    if (isOver) {
      this.announce();
      for (const peer of [...this.peers]) {
        peer.close(CLOSE_CODES.ended, "session ended");
      }
    }
  }
}

export interface Stored {
  readonly message: Message;
  readonly isNew: boolean;
}

function digestOf(secret: string): Uint8Array {
  return new TextEncoder().encode(secret);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
