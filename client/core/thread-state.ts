// Where the session's default conversation stands. The log tells each change, in `metadata.conversation` of a system message, and the
// list of conversations how it stood when nobody had told yet.
import type { ConversationState } from "../../src/protocol/conversation.ts";
import { CONVERSATION_HANDLERS, CONVERSATION_STATUSES } from "../../src/protocol/conversation.ts";
import type { Message } from "../../src/protocol/message.ts";
import type { ConversationList } from "../../src/protocol/rest.ts";

export class ThreadState {
  #state: ConversationState | undefined;
  /** `seq` of the message that told it last. */
  #toldAt = 0;

  get state(): ConversationState | undefined {
    return this.#state;
  }

  /** Live messages and history, in order: the last change stands. */
  told(messages: readonly Message[], conversationId: string | undefined): void {
    for (const { role, seq, metadata } of messages) {
      const change = role === "system" ? metadata?.conversation : undefined;
      if (isState(change) && change.id === conversationId && seq > this.#toldAt) {
        const { id, status, handledBy } = change;
        this.#set({ id, status, handledBy });
        this.#toldAt = seq;
      }
    }
  }

  /** An answer that is older than what the log has told changes nothing. */
  listed({ conversations }: ConversationList, conversationId: string | undefined): void {
    const listed = conversations.find(({ id }) => id === conversationId);
    if (listed && listed.lastSeq >= this.#toldAt) {
      const { id, status, handledBy } = listed;
      this.#set({ id, status, handledBy });
    }
  }

  #set(state: ConversationState): void {
    const known = this.#state;
    const { id, status, handledBy } = state;
    if (known?.id !== id || known.status !== status || known.handledBy !== handledBy) {
      this.#state = state;
    }
  }
}

function isState(value: unknown): value is ConversationState {
  return (
    typeof value === "object" &&
    value !== null &&
    "id" in value &&
    "status" in value &&
    "handledBy" in value &&
    CONVERSATION_STATUSES.some((status) => status === value.status) &&
    CONVERSATION_HANDLERS.some((handler) => handler === value.handledBy)
  );
}
