// The session's conversations and where each stands. The log tells each change, in `metadata.conversation` of a system message, and the
// list of conversations how it stood when nobody had told yet.
import type { Conversation, ConversationState } from "../../src/protocol/conversation.ts";
import { CONVERSATION_HANDLERS, CONVERSATION_STATUSES } from "../../src/protocol/conversation.ts";
import type { ChatMessage } from "./session-state.ts";
import { asFields } from "./stored-fields.ts";

interface Told {
  readonly seq: number;
  readonly state: ConversationState;
}

/** @param isOwn whether a message is of the side that reads here */
export function createThreads(isOwn: (message: ChatMessage) => boolean) {
  let list: readonly Conversation[] = [];
  const states = new Map<string, Told>();

  /** The one that was told last stands, and the object of before for as long as it says the same. */
  const tell = ({ id, status, handledBy }: ConversationState, seq: number): void => {
    const known = states.get(id);
    if (seq >= (known?.seq ?? 0)) {
      const isSame = known?.state.status === status && known.state.handledBy === handledBy;
      states.set(id, { seq, state: known && isSame ? known.state : { id, status, handledBy } });
    }
  };
  const change = (id: string | undefined, to: (known: Conversation) => Conversation): void => {
    const next = list.map((known) => (known.id === id ? to(known) : known));
    list = next.some((known, index) => known !== list[index]) ? next : list;
  };

  return {
    /** Replaced when it changes. */
    get list(): readonly Conversation[] {
      return list;
    },
    state: (id: string | undefined): ConversationState | undefined => states.get(id ?? "")?.state,
    /** What the log brought, in order; true when a conversation is new to the list. */
    told(messages: readonly ChatMessage[]): boolean {
      for (const message of messages) {
        const { role, seq = 0, metadata, conversationId } = message;
        const state = role === "system" ? metadata?.conversation : undefined;
        if (isState(state)) {
          tell(state, seq);
        }
        change(conversationId, (known) =>
          seq > known.lastSeq
            ? {
                ...known,
                ...states.get(known.id)?.state,
                lastSeq: seq,
                unread: known.unread + (isOwn(message) ? 0 : 1),
              }
            : known,
        );
      }
      return (
        list.length > 0 &&
        messages.some(({ conversationId }) => !list.some(({ id }) => id === conversationId))
      );
    },
    /** An answer that is older than what the log has told changes nothing of that. */
    listed(conversations: readonly Conversation[]): void {
      for (const conversation of conversations) {
        tell(conversation, conversation.lastSeq);
      }
      list = conversations.map((listed) => ({ ...listed, ...states.get(listed.id)?.state }));
    },
    opened(conversation: Conversation): void {
      tell(conversation, conversation.lastSeq);
      list = [...list.filter(({ id }) => id !== conversation.id), conversation];
    },
    /** How much of it the side that reads here has not read. */
    unread(conversationId: string, unread: number): void {
      change(conversationId, (known) => (known.unread === unread ? known : { ...known, unread }));
    },
  };
}

function isState(value: unknown): value is ConversationState {
  const { id, status, handledBy } = asFields(value);
  return (
    typeof id === "string" &&
    CONVERSATION_STATUSES.some((known) => known === status) &&
    CONVERSATION_HANDLERS.some((known) => known === handledBy)
  );
}
