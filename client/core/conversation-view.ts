// What the frames of one session amount to: the log as far as it is here, and what is still on its way out. Knows no socket.
import type { MessagesFrame, StoredFrame } from "../../src/protocol/frames.ts";
import type { Message } from "../../src/protocol/message.ts";
import { MessageLog } from "./message-log.ts";
import type { Pending } from "./outbox.ts";
import { Outbox } from "./outbox.ts";
import type { ChatMessage } from "./session-state.ts";

export class ConversationView {
  readonly log = new MessageLog();
  readonly outbox = new Outbox();
  /** Messages of this client that are stored: they keep the key under which they were shown before. */
  readonly #keys = new Map<string, string>();
  /** One object per message, so that whoever renders sees what did not change. */
  readonly #shown = new WeakMap<Message | Pending, ChatMessage>();
  #listed:
    | {
        readonly messages: readonly Message[];
        readonly pending: readonly Pending[];
        readonly list: readonly ChatMessage[];
      }
    | undefined;

  messages(frame: MessagesFrame): "applied" | "hole" {
    const applied = this.log.apply(frame);
    if (applied.outcome === "hole") {
      return "hole";
    }
    const stored = new Set<string>();
    for (const { id, clientId, role } of applied.added) {
      // A clientId is unique per side: the team's may collide with ours and mean nothing by it.
      if (role === "user" && clientId !== undefined && this.outbox.has(clientId)) {
        this.#keys.set(id, clientId);
        stored.add(clientId);
      }
    }
    this.outbox.remove(stored);
    return "applied";
  }

  /** Resent messages that had been stored before: they are in the log already, or about to come. */
  stored({ items }: StoredFrame): void {
    const covered = items.filter(({ seq }) => this.log.covers(seq));
    this.outbox.remove(new Set(covered.map(({ clientId }) => clientId)));
    for (const { clientId } of items) {
      this.outbox.markSent(clientId);
    }
  }

  /** The log, then what is not in it yet; the same array for as long as neither changed. */
  list(): readonly ChatMessage[] {
    const { messages } = this.log;
    const { pending } = this.outbox;
    if (this.#listed?.messages !== messages || this.#listed.pending !== pending) {
      this.#listed = { messages, pending, list: this.#list() };
    }
    return this.#listed.list;
  }

  #list(): readonly ChatMessage[] {
    return [
      ...this.log.messages.map((message) => this.#show(message, () => this.#logged(message))),
      ...this.outbox.pending.map((pending) => this.#show(pending, () => unlogged(pending))),
    ];
  }

  #show(source: Message | Pending, make: () => ChatMessage): ChatMessage {
    const shown = this.#shown.get(source) ?? make();
    this.#shown.set(source, shown);
    return shown;
  }

  #logged({ id, seq, role, author, content, createdAt }: Message): ChatMessage {
    return {
      key: this.#keys.get(id) ?? id,
      seq,
      role,
      author,
      content,
      createdAt: Date.parse(createdAt),
      delivery: "sent",
      failure: undefined,
    };
  }
}

function unlogged({ message, createdAt, delivery, failure }: Pending): ChatMessage {
  return {
    key: message.clientId,
    seq: undefined,
    role: "user",
    author: undefined,
    content: message.content,
    createdAt,
    delivery,
    failure,
  };
}
