// One socket as the server has it: what it owes the client, and what it makes of the client's frames.
import { CLOSE_CODES } from "../../../src/protocol/close-codes.ts";
import type { DownFrame, MessagesFrame, SendFrame, UpFrame } from "../../../src/protocol/frames.ts";
import { PING, PONG } from "../../../src/protocol/frames.ts";
import type { ModelServer } from "./model-server.ts";
import type { ModelSession } from "./model-session.ts";

/** What a peer's frames go out on. */
export interface PeerLink {
  /** Whose it is. */
  readonly name: string;
  send(text: string): void;
  close(code: number, reason: string): void;
}

/** Small, so that a history takes several turns. */
const CHUNK_MESSAGES = 5;
/** Whoever is further behind gets the tail. */
const WINDOW_MESSAGES = 40;

/** What the server always refuses for good, whoever writes it. */
export const REFUSED_CONTENT = "too much";

export class ModelPeer {
  readonly credentialId: string;
  readonly #server: ModelServer;
  readonly #session: ModelSession;
  readonly #link: PeerLink;
  /** Where its history stands; undefined once it is live. */
  #cursor: number | undefined;
  heardAt: number;

  constructor(server: ModelServer, session: ModelSession, credentialId: string, link: PeerLink) {
    this.#server = server;
    this.#session = session;
    this.credentialId = credentialId;
    this.#link = link;
    this.heardAt = server.now;
  }

  /** @param after the `seq` that its history begins behind */
  open(after: number, connectionId: string): void {
    const { lastSeq } = this.#session;
    const session = this.#session.view();
    const presence = [{ connectionId, role: "owner", since: session.createdAt }] as const;
    this.#session.peers.add(this);
    this.send({ type: "welcome", session, connectionId, role: "owner", lastSeq, presence });
    this.#cursor = Math.max(Math.min(after, lastSeq), lastSeq - WINDOW_MESSAGES);
    if (this.#cursor > after) {
      this.send({ type: "truncated", firstSeq: this.#cursor + 1 });
    }
    this.#advance();
  }

  send(frame: DownFrame): void {
    this.#link.send(JSON.stringify(frame));
  }

  /** New messages: whoever is still reading history comes to them there. */
  live(frame: MessagesFrame): void {
    if (this.#cursor === undefined) {
      this.send(frame);
    }
  }

  close(code: number, reason: string): void {
    this.gone();
    this.#link.close(code, reason);
  }

  /** The connection is lost. */
  gone(): void {
    this.#session.peers.delete(this);
  }

  receive(text: string): void {
    this.heardAt = this.#server.now;
    if (text === PING) {
      this.#link.send(PONG);
      return;
    }
    this.#session.expireIfDue(this.#server.now);
    if (!this.#session.peers.has(this)) {
      return;
    }
    const frame: UpFrame = JSON.parse(text);
    if (frame.type === "send") {
      this.#store(frame);
    } else if (frame.type === "received" && this.#cursor !== undefined) {
      if (frame.seq > this.#session.lastSeq) {
        this.close(CLOSE_CODES.protocolError, "received what was never sent");
      } else {
        this.#advance();
      }
    }
  }

  #advance(): void {
    const from = this.#cursor ?? 0;
    const messages = this.#session.log.slice(from, from + CHUNK_MESSAGES);
    const to = from + messages.length;
    const isLive = to === this.#session.lastSeq;
    this.#cursor = isLive ? undefined : to;
    if (messages.length > 0) {
      this.send({ type: "messages", from, to, messages });
    }
    if (isLive) {
      this.send({ type: "synced", seq: to });
    }
  }

  #store({ messages }: SendFrame): void {
    const { now } = this.#server;
    const from = this.#session.lastSeq;
    const after: DownFrame[] = [];
    for (const input of messages) {
      const { clientId } = input;
      const waitMs = this.#server.limitedUntil - now;
      if (waitMs > 0) {
        this.#server.limited.add(clientId);
        after.push({ type: "error", code: "rate_limited", clientId, retryAfterMs: waitMs });
      } else if (input.content.startsWith(REFUSED_CONTENT)) {
        after.push({ type: "error", code: "quota_exceeded", clientId });
      } else {
        const stored = this.#session.store(input, "user", now);
        const what = stored?.isNew ? "stores" : "has";
        this.#server.note(
          `${what} ${input.content} in ${this.#session.id} from ${this.#link.name}`,
        );
        if (stored && !stored.isNew) {
          after.push({ type: "stored", items: [{ clientId, seq: stored.message.seq }] });
        }
      }
    }
    this.#session.deliver(from);
    for (const frame of after) {
      this.send(frame);
    }
  }
}
