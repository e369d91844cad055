// History is pulled: a joining socket gets a frame, and the next one when it has acknowledged the last. Where a socket
// stands is in its attachment, so an eviction in the middle changes nothing and nothing is buffered for a slow reader.
import { historyStart } from "../src/domain/log.ts";
import type { HistoryRequest } from "./calls.ts";
import { FRAME_ROOM_BYTES, messageFrames } from "./message-frames.ts";
import type { MessageLog } from "./message-log.ts";
import type { MessageStore } from "./message-store.ts";
import type { Peer } from "./peer.ts";

/** Bounds a stretch of tiny messages; bytes bound any other. */
const CHUNK_MESSAGES = 500;

export class History {
  readonly #messages: MessageStore;
  readonly #log: MessageLog;
  readonly #synced: (peer: Peer) => void;

  /** @param synced called when a peer's history is through */
  constructor(messages: MessageStore, log: MessageLog, synced: (peer: Peer) => void) {
    this.#messages = messages;
    this.#log = log;
    this.#synced = synced;
  }

  /** The cursor to start from, and whether that leaves out some of what was asked for. */
  start(request: HistoryRequest): { readonly cursor: number; readonly truncated: boolean } {
    const { head } = this.#log;
    const wanted =
      "after" in request
        ? Math.min(request.after, head.lastSeq)
        : Math.max(0, head.lastSeq - request.tail);
    const cursor = historyStart(wanted, head, (seq) => this.#messages.bytesUpTo(seq));
    return { cursor, truncated: cursor > wanted };
  }

  bytesUpTo(seq: number): number {
    return this.#messages.bytesUpTo(seq);
  }

  /** Sends the next stretch to a peer that is not live yet; after the last one it is. */
  advance(peer: Peer): void {
    const cursor = peer.historyCursor;
    if (cursor === null) return;
    const { entries } = this.#messages.page({
      conversationId: undefined,
      after: cursor,
      before: Number.POSITIVE_INFINITY,
      order: "ascending",
      limit: CHUNK_MESSAGES,
      maxBytes: FRAME_ROOM_BYTES - CHUNK_MESSAGES,
    });
    const reached = cursor + entries.length;
    const isLive = reached === this.#log.head.lastSeq;
    peer.update({ historyCursor: isLive ? null : reached });
    const encoded = entries.map((entry) => entry.encoded);
    for (const text of messageFrames(cursor, encoded)) peer.sendText(text);
    if (!isLive) return;
    peer.send({ type: "synced", seq: reached });
    this.#synced(peer);
  }
}
