import type { JSX } from "solid-js";
import { createMemo, For, Show } from "solid-js";
import type { Conversation } from "../../core/index.ts";
import type { EnhancedSession } from "../../solid/index.ts";
import { conversationName } from "./labels.ts";

type ConversationTabsProps = Pick<
  EnhancedSession,
  "conversations" | "conversationId" | "sessionData" | "openConversation"
>;

/** The session's threads, where there is more than one: the one that it began with, then the others. */
export function ConversationTabs(props: { session: ConversationTabsProps }): JSX.Element {
  const isFirst = ({ id }: Conversation) =>
    id === props.session.sessionData()?.defaultConversationId;
  const byId = createMemo(
    () =>
      new Map(
        props.session
          .conversations()
          .toSorted((a, b) => Number(isFirst(b)) - Number(isFirst(a)))
          .map((conversation) => [conversation.id, conversation]),
      ),
  );
  const ids = createMemo(() => [...byId().keys()]);
  return (
    <Show when={ids().length > 1}>
      <nav class="conversations" aria-label="Conversations">
        <For each={ids()}>
          {(id) => (
            <Show when={byId().get(id)}>
              {(conversation) => (
                <button
                  type="button"
                  class="chip"
                  aria-current={props.session.conversationId() === id ? "true" : undefined}
                  onClick={() =>
                    // What failed can be pressed again.
                    void props.session.openConversation(id).catch(() => undefined)
                  }
                >
                  {conversationName(conversation(), isFirst(conversation()))}
                  <Show when={conversation().unread > 0 && props.session.conversationId() !== id}>
                    <span class="tag">{conversation().unread} new</span>
                  </Show>
                </button>
              )}
            </Show>
          )}
        </For>
      </nav>
    </Show>
  );
}
