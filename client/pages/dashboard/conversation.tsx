import type { JSX } from "solid-js";
import { createMemo, createSignal, For, onCleanup, Show } from "solid-js";
import type { UpdateConversationRequest } from "../../core/index.ts";
import { createOperatorClient } from "../../core/index.ts";
import { Composer } from "../chat/composer.tsx";
import { ConnectionStatus } from "../chat/connection-status.tsx";
import { BackIcon, PersonIcon } from "../chat/icons.tsx";
import { connectionLabel, presenceLabel } from "../chat/labels.ts";
import { Log } from "../chat/log.tsx";
import { failureLabel } from "../sharing/labels.ts";
import { createOperatorChat } from "./create-operator-chat.ts";
import { conversationActions, handlingLabel, overLabel, visitorName } from "./labels.ts";
import type { SignIn } from "./sign-in.ts";

/** One session as it happens, and what an operator does in it. */
export function Conversation(props: { signIn: SignIn; sessionId: string }): JSX.Element {
  const client = createOperatorClient({
    baseUrl: location.origin,
    operatorToken: props.signIn.operatorToken,
    sessionId: props.sessionId,
  });
  client.start();
  onCleanup(() => client.stop());
  const chat = createOperatorChat(client);
  const { conversation } = chat;
  const connection = createMemo(() => connectionLabel(chat.connection(), chat.synced()));
  const presence = createMemo(() =>
    presenceLabel(chat.presence(), "operator", chat.connectionId()),
  );
  const over = createMemo(() => overLabel({ status: chat.status(), error: chat.error() }));
  const [draft, setDraft] = createSignal("");
  const [failure, setFailure] = createSignal("");
  const [changing, setChanging] = createSignal(false);

  const change = async (wanted: UpdateConversationRequest) => {
    setChanging(true);
    setFailure("");
    try {
      await client.updateConversation(wanted);
    } catch (error) {
      setFailure(failureLabel(error));
    }
    setChanging(false);
  };

  return (
    <div class="chat dashboard-chat">
      <header class="header">
        <a
          class="button button-quiet button-icon dashboard-back"
          href="#session="
          title="All chats"
        >
          <BackIcon />
          <span class="visually-hidden">All chats</span>
        </a>
        <div class="header-text">
          <h2 class="header-title">{visitorLabel()}</h2>
          <ConnectionStatus connection={connection()} presence={presence()} />
        </div>
        <Show when={!over()}>
          <nav class="dashboard-actions" aria-label="This chat">
            <For each={conversationActions(conversation())}>
              {(action) => (
                <button
                  type="button"
                  class="button button-small"
                  disabled={changing()}
                  onClick={() => void change(action.change)}
                >
                  {action.text}
                </button>
              )}
            </For>
          </nav>
        </Show>
      </header>
      <Log chat={chat} />
      <Show
        when={over()}
        fallback={
          <Composer chat={chat} draft={draft()} onDraft={setDraft} takesFocus={false}>
            <span class="chip chip-state" role="status">
              <PersonIcon />
              {failure() || handlingLabel(conversation())}
            </span>
          </Composer>
        }
      >
        {(text) => (
          <section class="notice" role="status">
            <p>{text()}</p>
          </section>
        )}
      </Show>
    </div>
  );

  function visitorLabel(): string {
    const { locationInfo = {}, userId } = chat.sessionData() ?? {};
    return visitorName({
      locationInfo,
      ...(userId === undefined ? {} : { userId }),
    });
  }
}
