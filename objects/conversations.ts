// The threads of a session.
import { type CallerRole, sideOf } from "../src/domain/access.ts";
import { newConversation } from "../src/domain/conversation-record.ts";
import { viewConversation } from "../src/domain/view.ts";
import type { Conversation } from "../src/protocol/conversation.ts";
import type { Result } from "../src/protocol/errors.ts";
import { MAX_CONVERSATIONS_PER_SESSION } from "../src/protocol/limits.ts";
import type { ConversationList } from "../src/protocol/rest.ts";
import { newConversationId } from "./ids.ts";
import type { IndexProjector } from "./index-projector.ts";
import type { MessageStore } from "./message-store.ts";
import type { SessionStore } from "./store.ts";

export class Conversations {
  readonly #store: SessionStore;
  readonly #messages: MessageStore;
  readonly #projector: IndexProjector;

  constructor(store: SessionStore, messages: MessageStore, projector: IndexProjector) {
    this.#store = store;
    this.#messages = messages;
    this.#projector = projector;
  }

  /** All of them, with what is new in each for the side that asks. */
  list(role: CallerRole): Result<ConversationList> {
    const side = sideOf(role);
    const counts = this.#messages.conversationCounts(side);
    const conversations = this.#store
      .conversations()
      .map((record) => viewConversation(record, side, counts.get(record.id)));
    return { ok: true, conversations };
  }

  open(role: CallerRole, now: number): Result<{ conversation: Conversation }> {
    if (this.#store.conversations().length >= MAX_CONVERSATIONS_PER_SESSION) {
      return { ok: false, code: "too_many_conversations" };
    }
    const record = newConversation(newConversationId(), now);
    this.#store.transaction(() => {
      this.#store.saveConversation(record);
      this.#projector.markConversation(record.id, now);
    });
    return { ok: true, conversation: viewConversation(record, sideOf(role)) };
  }
}
