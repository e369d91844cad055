// The session's events, made from what it stores, as its team sees it at delivery.
import { type ConversationRecord, newConversation } from "../src/domain/conversation-record.ts";
import {
  endOf,
  type Life,
  type Occurrence,
  occurrences,
  positionAfter,
  positionBefore,
  seqAt,
} from "../src/domain/event-order.ts";
import { conversationState, isoTime } from "../src/domain/view.ts";
import type { SessionEvent } from "../src/protocol/events.ts";
import { MAX_EVENT_BATCH_BYTES, MAX_EVENTS_PER_BATCH } from "../src/protocol/limits.ts";
import type { Message } from "../src/protocol/message.ts";
import type { EventStore } from "./event-store.ts";
import type { MessageLog } from "./message-log.ts";
import type { MessageStore, PageEntry } from "./message-store.ts";
import type { SessionState } from "./session-state.ts";
import type { SessionStore } from "./store.ts";

export interface EventSourceParts {
  readonly store: SessionStore;
  readonly events: EventStore;
  readonly messages: MessageStore;
  readonly state: SessionState;
  readonly log: MessageLog;
}

export class EventSource {
  readonly #parts: EventSourceParts;

  constructor(parts: EventSourceParts) {
    this.#parts = parts;
  }

  /** The position of all that has happened. */
  end(): number {
    return endOf(this.#life());
  }

  /** Where somebody begins who is to hear of what happened at `since` or later. */
  positionBefore(since: number): number {
    return positionBefore(this.#life(), since, this.#parts.events.firstSeqSince(since));
  }

  /** Where a batch ends that begins after `from`. */
  batchEnd(from: number): number {
    const { entries, more } = this.#page(from, undefined);
    const last = entries.at(-1);
    return more && last !== undefined ? positionAfter(last.message.seq) : this.end();
  }

  /** How many events lie after `from`. */
  count(from: number): number {
    let counted = 0;
    for (let at = from; at < this.end(); ) {
      const to = this.batchEnd(at);
      counted += this.events(at, to).length;
      at = to;
    }
    return counted;
  }

  /** What happened after `from` up to `to`. */
  events(from: number, to: number): SessionEvent[] {
    const messages = this.#page(from, to).entries.map(({ message }) => message);
    const found = occurrences(this.#life(), messages, from, to);
    const threads = new Map(this.#parts.store.conversations().map((one) => [one.id, one]));
    return found.map((one) => this.#event(one, threads));
  }

  #page(from: number, to: number | undefined): { entries: PageEntry[]; more: boolean } {
    return this.#parts.messages.page({
      conversationId: undefined,
      // Of a message that `from` is the place of, the hand-over that it may tell of is still to come.
      after: Math.max(0, seqAt(from - 1)),
      before: to === undefined ? Number.POSITIVE_INFINITY : seqAt(to) + 1,
      order: "ascending",
      limit: to === undefined ? MAX_EVENTS_PER_BATCH : Number.POSITIVE_INFINITY,
      maxBytes: to === undefined ? MAX_EVENT_BATCH_BYTES : Number.POSITIVE_INFINITY,
    });
  }

  #event(found: Occurrence, threads: ReadonlyMap<string, ConversationRecord>): SessionEvent {
    const { type, position } = found;
    const { state, log } = this.#parts;
    const id = `evt_${state.record.id}_${position}`;
    if (!("message" in found)) {
      const session = state.view(log.head.lastSeq, "team");
      return { id, type: found.type, at: isoTime(found.at), data: { session } };
    }
    const { message } = found;
    const conversation = stateOf(message, threads);
    const at = message.createdAt;
    return type === "message.created"
      ? { id, type, at, data: { message, conversation } }
      : { id, type: "conversation.updated", at, data: { conversation } };
  }

  #life(): Life {
    const { state, log } = this.#parts;
    const { createdAt, endedAt } = state.record;
    const { identifiedAfterSeq, identifiedAt } = state.stored;
    return { createdAt, endedAt, identifiedAfterSeq, identifiedAt, lastSeq: log.head.lastSeq };
  }
}

function stateOf({ conversationId }: Message, threads: ReadonlyMap<string, ConversationRecord>) {
  return conversationState(
    threads.get(conversationId) ?? newConversation(conversationId, 0),
    "team",
  );
}
