// What clients send over their sockets: each frame is counted, decoded and handled, and bad ones are answered and change
// nothing.
import { mayRole, sideOf } from "../src/domain/access.ts";
import { signed } from "../src/domain/authorship.ts";
import type {
  CancelFrame,
  ReadUpFrame,
  ReceivedFrame,
  SendFrame,
  TypingUpFrame,
  UpFrame,
} from "../src/protocol/frames.ts";
import { FRAMES_PER_MESSAGE } from "../src/protocol/limits.ts";
import { decodeUp } from "../src/schemas/frames.ts";
import { FrameRate, type FrameVerdict, type TooMany } from "./frame-rate.ts";
import type { History } from "./history.ts";
import type { MessageLog } from "./message-log.ts";
import type { Peer } from "./peer.ts";
import type { Peers } from "./peers.ts";
import { answer, refuse } from "./replies.ts";
import type { SessionState } from "./session-state.ts";
import type { SessionStore } from "./store.ts";
import type { Streams } from "./streams.ts";

/** The client floods: its connection is to be closed, and may come back after so long. */
export interface Flood {
  readonly retryAfterMs: number;
}

export class Frames {
  readonly #store: SessionStore;
  readonly #log: MessageLog;
  readonly #state: SessionState;
  readonly #streams: Streams;
  readonly #history: History;
  readonly #peers: Peers;
  readonly #rate: FrameRate;

  constructor(
    store: SessionStore,
    log: MessageLog,
    state: SessionState,
    streams: Streams,
    history: History,
    peers: Peers,
  ) {
    this.#store = store;
    this.#log = log;
    this.#state = state;
    this.#streams = streams;
    this.#history = history;
    this.#peers = peers;
    this.#rate = new FrameRate(peers);
  }

  /** A frame from a client, however it looks. */
  receive(peer: Peer, data: string | ArrayBuffer, now: number): Flood | undefined {
    const frameVerdict = this.#count(peer, 1, now);
    if (frameVerdict.kind !== "admitted") return turnAway(peer, frameVerdict);
    const { frame, errors } = decodeUp(data);
    // By what it asks for: what is refused or was stored before has been asked for, too.
    const asked = errors.length + (frame?.type === "send" ? frame.messages.length : 0);
    const verdict = asked === 0 ? frameVerdict : this.#count(peer, asked, now);
    if (verdict.kind !== "admitted") return turnAway(peer, verdict);
    for (const error of errors) peer.send({ type: "error", ...error });
    if (frame !== undefined) this.#handle(peer, frame);
    return undefined;
  }

  /** A socket is gone. */
  left(peer: Peer): void {
    this.#rate.left(peer, this.#peers);
  }

  #count(peer: Peer, units: number, now: number): FrameVerdict {
    const { messagesPerMinutePerCredential: messages } = this.#state.team.policy.limits;
    const limit = messages && messages * FRAMES_PER_MESSAGE;
    return this.#rate.take(peer, limit, units, now);
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
      case "cancel":
        this.#cancel(peer, frame);
        break;
    }
  }

  #send(peer: Peer, frame: SendFrame): void {
    const role = peer.role;
    if (!mayRole("postMessage", role)) {
      for (const { clientId } of frame.messages) refuse(peer, "forbidden", { clientId });
      return;
    }
    this.#log.submit({
      sender: { role, credentialId: peer.credentialId },
      messages: frame.messages.map((message) => signed(message, peer.operator?.author)),
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
      {
        type: "typing",
        connectionId,
        role,
        ...peer.signature,
        conversationId: conversation,
        active,
      },
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
    const side = sideOf(peer.role);
    if (this.#store.markRead(conversationId, side, upTo)) {
      this.#peers.broadcast({ type: "read", conversationId, side, seq: upTo });
    }
  }

  #cancel(peer: Peer, { messageId }: CancelFrame): void {
    if (!mayRole("cancelStream", peer.role)) refuse(peer, "forbidden");
    else if (!this.#streams.cancel(messageId)) refuse(peer, "message_not_found");
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
}

/** Tells a client that it sends too much, unless it was told before and goes on. */
function turnAway(peer: Peer, { kind, retryAfterMs }: TooMany): Flood | undefined {
  if (kind === "flooded") return { retryAfterMs };
  refuse(peer, "rate_limited", { retryAfterMs });
  return undefined;
}
