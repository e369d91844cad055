// The threads of a session: what there is, who answers in them, and how that changes. A change, its entry in the log and
// its mark for the index are one transaction.
import { type CallerRole, sideOf } from "../src/domain/access.ts";
import { type ConversationRecord, newConversation } from "../src/domain/conversation-record.ts";
import {
  type ConversationChange,
  changeConversation,
  changeMetadata,
  reopen,
} from "../src/domain/hand-over.ts";
import { viewConversation } from "../src/domain/view.ts";
import type { Conversation, UpdateConversationRequest } from "../src/protocol/conversation.ts";
import type { Result } from "../src/protocol/errors.ts";
import type { Side } from "../src/protocol/frames.ts";
import { MAX_CONVERSATIONS_PER_SESSION } from "../src/protocol/limits.ts";
import type { Author } from "../src/protocol/message.ts";
import type { ConversationList, MessagePage } from "../src/protocol/rest.ts";
import type { Archive } from "./archive.ts";
import { type Actor, type MessagesQuery, staffOf } from "./calls.ts";
import { newConversationId } from "./ids.ts";
import type { IndexProjector } from "./index-projector.ts";
import type { LogEntry } from "./log-entry.ts";
import type { MessageLog } from "./message-log.ts";
import type { MessageStore } from "./message-store.ts";
import { failureOf } from "./replies.ts";
import type { SessionState } from "./session-state.ts";
import type { SessionStore } from "./store.ts";
import type { Outcome } from "./submission.ts";

interface Parts {
  readonly store: SessionStore;
  readonly messages: MessageStore;
  readonly state: SessionState;
  readonly log: MessageLog;
  readonly projector: IndexProjector;
  readonly archive: Pick<Archive, "isDone" | "history">;
  /** A person answers in a conversation from now on: called after that is stored. */
  readonly takenOver: (conversationId: string) => void;
  /** A visitor opened a thread again: called after that is stored, for the index to hear of it. */
  readonly reopened: () => void;
}

export class Conversations {
  readonly #parts: Parts;
  /** The closed ones, so that a message into an open one costs no look; undefined when they have to be read again. */
  #closed: ReadonlySet<string> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** All of them, with what is new in each for the side that asks. */
  list(role: CallerRole): ConversationList & { readonly ok: true } {
    const side = sideOf(role);
    const countsOf = this.#counts(side);
    const conversations = this.#parts.store
      .conversations()
      .map((record) => viewConversation(record, side, countsOf(record.id)));
    return { ok: true, conversations };
  }

  /** What is new in a thread; of messages that are archived, as it was then. */
  #counts(side: Side): (id: string) => Pick<Conversation, "lastSeq" | "unread"> | undefined {
    const { archive } = this.#parts.state.stored;
    if (archive === null) {
      const counts = this.#parts.messages.conversationCounts(side);
      return (id) => counts.get(id);
    }
    return (id) => {
      const thread = archive.threads[id];
      return thread && { lastSeq: thread.lastSeq, unread: thread.unread[side] };
    };
  }

  /** Messages of one of them, or of all. Those that are archived the team reads, and its staff. */
  async history(role: CallerRole, query: MessagesQuery): Promise<Result<MessagePage>> {
    const { store, state, messages, archive } = this.#parts;
    const { conversationId } = query;
    const endedCode = archive.isDone && sideOf(role) === "visitor" ? state.endedCode() : undefined;
    if (endedCode !== undefined) return { ok: false, code: endedCode };
    const isUnknown = conversationId !== undefined && !store.hasConversation(conversationId);
    if (isUnknown) return { ok: false, code: "conversation_not_found" };
    return archive.isDone ? await archive.history(query) : { ok: true, ...messages.history(query) };
  }

  open(role: CallerRole, now: number): Result<{ conversation: Conversation }> {
    if (this.#parts.store.conversations().length >= MAX_CONVERSATIONS_PER_SESSION) {
      return { ok: false, code: "too_many_conversations" };
    }
    const record = newConversation(newConversationId(), now);
    this.#parts.store.transaction(() => this.#save(record, now));
    return { ok: true, conversation: viewConversation(record, sideOf(role)) };
  }

  /** Changes where a thread stands. Nothing waits in between, so two changes at once both apply, one after the other. */
  update(
    actor: Actor,
    id: string,
    request: UpdateConversationRequest,
  ): Result<{ conversation: Conversation }> {
    // A message that waits for its commit may open the thread again.
    this.#parts.log.flush();
    const before = this.#parts.store.conversation(id);
    if (before === undefined) return { ok: false, code: "conversation_not_found" };
    const by = staffOf(actor);
    const wanted = changeConversation(before, request, by, Date.now());
    if (wanted === undefined) return { ok: true, conversation: this.#view(before) };
    const change = this.#numbered(wanted);
    const outcome = this.#store(change, by);
    if (outcome?.kind === "refused") return failureOf(outcome);
    if (change.record.handledBy === "operator" && before.handledBy === "bot") {
      this.#parts.takenOver(id);
    }
    return { ok: true, conversation: this.#view(change.record) };
  }

  /** A visitor has written into a thread: opens it if it was closed, and says what the log is to tell of that. */
  heardVisitor(id: string, now: number): LogEntry | undefined {
    if (!this.#closedIds().has(id)) return undefined;
    const before = this.#parts.store.conversation(id);
    const opened = before && reopen(before, now);
    if (opened === undefined) return undefined;
    const change = this.#numbered(opened);
    this.#save(change.record, now);
    // Nothing but the commit lies between here and the next microtask.
    queueMicrotask(this.#parts.reopened);
    return entryOf(change, undefined);
  }

  /** What is known may have been undone. */
  forget(): void {
    this.#closed = undefined;
  }

  #closedIds(): ReadonlySet<string> {
    this.#closed ??= new Set(
      this.#parts.store
        .conversations()
        .filter(({ status }) => status === "closed")
        .map(({ id }) => id),
    );
    return this.#closed;
  }

  #store(change: ConversationChange, by: Author | undefined): Outcome | undefined {
    let outcome: Outcome | undefined;
    this.#parts.log.submit({
      sender: { role: "team", credentialId: null },
      messages: [entryOf(change, by)],
      within: ([stored], now) => {
        if (stored?.kind === "stored") this.#save(change.record, now);
      },
      settle: (outcomes) => {
        outcome = outcomes[0];
      },
    });
    this.#parts.log.flush();
    return outcome;
  }

  /** Under the next version whose entry the log can take: a team may have used the name of one for a message of its own. */
  #numbered(change: ConversationChange): ConversationChange {
    const { record } = change;
    return this.#parts.messages.byClientId("team", clientIdOf(record)) === undefined
      ? change
      : this.#numbered({ ...change, record: { ...record, version: record.version + 1 } });
  }

  #save(record: ConversationRecord, now: number): void {
    this.forget();
    this.#parts.store.saveConversation(record);
    this.#parts.projector.markConversation(record.id, now);
  }

  #view(record: ConversationRecord): Conversation {
    const counts = this.#parts.messages.conversationCounts("team");
    return viewConversation(record, "team", counts.get(record.id));
  }
}

function clientIdOf({ id, version }: ConversationRecord): string {
  return `${id}:${version}`;
}

function entryOf(change: ConversationChange, by: Author | undefined): LogEntry {
  return {
    clientId: clientIdOf(change.record),
    conversationId: change.record.id,
    role: "system",
    content: change.content,
    ...(by !== undefined && { author: by }),
    metadata: changeMetadata(change),
  };
}
