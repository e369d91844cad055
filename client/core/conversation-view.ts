// What the frames of one session amount to: the log as far as it is here, answers that are being written, and what is still on its
// way out. Knows no socket.
import type { MessagesFrame, RedactedFrame, StoredFrame } from "../../src/protocol/frames.ts";
import type { Author, Message, MessageRole } from "../../src/protocol/message.ts";
import { MessageLog } from "./message-log.ts";
import type { Pending } from "./outbox.ts";
import { Outbox } from "./outbox.ts";
import type { ChatMessage } from "./session-state.ts";
import type { StreamedAnswer } from "./streamed-answers.ts";
import { StreamedAnswers } from "./streamed-answers.ts";

type Source = Message | Pending | StreamedAnswer;

/** With which role the log brings back what is written here. */
export type OwnRole = Extract<MessageRole, "user" | "operator">;

export class ConversationView {
  readonly log = new MessageLog();
  readonly outbox = new Outbox();
  readonly answers = new StreamedAnswers();
  readonly #ownRole: OwnRole;
  /** What the server will sign own messages with. */
  ownAuthor: Author | undefined;
  /** Messages of this client that are stored: they keep the key under which they were shown before. */
  readonly #keys = new Map<string, string>();
  /** One object per message, so that whoever renders sees what did not change. */
  readonly #shown = new WeakMap<Source, ChatMessage>();
  #listed:
    | {
        readonly messages: readonly Message[];
        readonly pending: readonly Pending[];
        readonly answers: readonly StreamedAnswer[];
        readonly list: readonly ChatMessage[];
      }
    | undefined;

  constructor(ownRole: OwnRole) {
    this.#ownRole = ownRole;
  }

  messages(frame: MessagesFrame): "applied" | "hole" {
    const applied = this.log.apply(frame);
    if (applied.outcome === "hole") {
      return "hole";
    }
    const stored = new Set<string>();
    for (const { id, clientId, role } of applied.added) {
      // A clientId is unique per side: the team's may collide with ours and mean nothing by it.
      if (role === this.#ownRole && clientId !== undefined && this.outbox.has(clientId)) {
        this.#keys.set(id, clientId);
        stored.add(clientId);
      }
    }
    this.outbox.remove(stored);
    this.answers.end(applied.added.map(({ id }) => id));
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

  redacted({ messageId, seq }: RedactedFrame): void {
    this.log.redact(seq, messageId);
  }

  /** The log, then what is not in it yet; the same array for as long as none of it changed. */
  list(): readonly ChatMessage[] {
    const { messages } = this.log;
    const { pending } = this.outbox;
    const { running: answers } = this.answers;
    const listed = this.#listed;
    if (listed?.messages !== messages || listed.pending !== pending || listed.answers !== answers) {
      this.#listed = { messages, pending, answers, list: this.#list() };
    }
    return this.#listed?.list ?? [];
  }

  #list(): readonly ChatMessage[] {
    const { pending } = this.outbox;
    const failed = pending.findIndex(({ delivery }) => delivery === "failed");
    const until = failed === -1 ? pending.length : failed;
    const show = (list: readonly Pending[]) =>
      list.map((item) => this.#show(item, () => this.#unlogged(item)));
    // What is on its way will be in the log before an answer that is still being written; what failed, later if ever.
    return [
      ...this.log.messages.map((message) => this.#show(message, () => this.#logged(message))),
      ...show(pending.slice(0, until)),
      ...this.answers.running.map((answer) => this.#show(answer, () => streaming(answer))),
      ...show(pending.slice(until)),
    ];
  }

  #show(source: Source, make: () => ChatMessage): ChatMessage {
    const shown = this.#shown.get(source) ?? make();
    this.#shown.set(source, shown);
    return shown;
  }

  #logged(message: Message): ChatMessage {
    const { id, seq, conversationId, role, author, content, createdAt, metadata } = message;
    const { redacted = false } = message;
    return {
      key: this.#keys.get(id) ?? id,
      seq,
      conversationId,
      role,
      author,
      content,
      createdAt: Date.parse(createdAt),
      delivery: "sent",
      streaming: false,
      redacted,
      metadata,
      failure: undefined,
    };
  }

  #unlogged({ message, createdAt, delivery, failure }: Pending): ChatMessage {
    return {
      key: message.clientId,
      seq: undefined,
      conversationId: message.conversationId,
      role: this.#ownRole,
      author: this.ownAuthor,
      content: message.content,
      createdAt,
      delivery,
      streaming: false,
      redacted: false,
      metadata: message.metadata,
      failure,
    };
  }
}

function streaming({
  messageId,
  conversationId,
  role,
  author,
  text,
  since,
}: StreamedAnswer): ChatMessage {
  return {
    key: messageId,
    seq: undefined,
    conversationId,
    role,
    author,
    content: text,
    createdAt: since,
    delivery: "sent",
    streaming: true,
    redacted: false,
    metadata: undefined,
    failure: undefined,
  };
}
