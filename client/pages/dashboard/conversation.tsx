import type { JSX } from "solid-js";
import { createSignal, For, onCleanup, Show } from "solid-js";
import type { UpdateConversationRequest } from "../../core/index.ts";
import { createOperatorClient } from "../../core/index.ts";
import { Composer } from "../chat/composer.tsx";
import { ConnectionStatus } from "../chat/connection-status.tsx";
import { createSessionState } from "../chat/create-session-state.ts";
import { BackIcon, PersonIcon } from "../chat/icons.tsx";
import { connectionLabel, presenceLabel, viewerOf } from "../chat/labels.ts";
import { Log } from "../chat/log.tsx";
import { failureLabel } from "../sharing/labels.ts";
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
  const select = createSessionState(client);
  const session = select((state) => state.session);
  const connection = select((state) => connectionLabel(state.connection, state.synced));
  const presence = select((state) =>
    presenceLabel(state.presence, viewerOf(state), state.connectionId),
  );
  const conversation = select((state) => state.conversation);
  const over = select(overLabel);
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
      <Log client={client} select={select} />
      <Show
        when={over()}
        fallback={
          <Composer
            client={client}
            select={select}
            draft={draft()}
            onDraft={setDraft}
            takesFocus={false}
          >
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
    const { locationInfo = {}, userId } = session() ?? {};
    return visitorName({
      locationInfo,
      ...(userId === undefined ? {} : { userId }),
    });
  }
}
