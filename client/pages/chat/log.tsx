import type { JSX } from "solid-js";
import { createMemo, For, Match, Show, Switch } from "solid-js";
import type { SessionClient } from "../../core/index.ts";
import type { Select } from "./create-session-state.ts";
import { createUnread } from "./create-unread.ts";
import { formatDay } from "./format.ts";
import { ChatIcon, DownIcon } from "./icons.tsx";
import { typingLabel } from "./labels.ts";
import { MessageRow } from "./message-row.tsx";
import { OlderMessages } from "./older-messages.tsx";
import { createStickToBottom } from "./stick-to-bottom.ts";
import type { DayItem } from "./timeline.ts";
import { timeline } from "./timeline.ts";

/** All that was said. */
export function Log(props: { client: SessionClient; select: Select }): JSX.Element {
  const messages = props.select((state) => state.messages);
  const synced = props.select((state) => state.synced);
  const status = props.select((state) => state.status);
  const isNew = props.select((state) => state.status === "active" && state.session?.lastSeq === 0);
  const isGuest = props.select((state) => state.isInvited);
  const isReader = props.select((state) => state.role === "reader");
  const typing = props.select((state) => typingLabel(state.typing, state.isInvited));
  // Rows are kept by key, so that a message which is sent goes on in the row in which it was written.
  const items = createMemo(
    () => new Map(timeline(messages(), isReader()).map((item) => [item.key, item])),
  );
  const keys = createMemo(() => [...items().keys()]);
  const dayItem = (key: string) => {
    const item = items().get(key);
    return item?.kind === "day" ? item : undefined;
  };
  const messageItem = (key: string) => {
    const item = items().get(key);
    return item?.kind === "message" ? item : undefined;
  };

  let scroller!: HTMLElement;
  let content!: HTMLDivElement;
  const stick = createStickToBottom({
    scroller: () => scroller,
    content: () => content,
    first: () => messages()[0]?.key,
  });
  const unread = createUnread(messages, stick);

  return (
    <main class="log">
      <section
        class="log-scroller"
        ref={(found) => {
          scroller = found;
        }}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by keyboard.
        tabIndex={0}
        aria-label="Conversation"
      >
        <div
          class="log-content"
          ref={(found) => {
            content = found;
          }}
        >
          <OlderMessages client={props.client} select={props.select} scroller={() => scroller} />
          <div
            class="log-items"
            role="log"
            aria-label="Messages"
            aria-live={synced() ? "polite" : "off"}
          >
            <For each={keys()}>
              {(key) => (
                <>
                  <Show when={dayItem(key)}>{(item) => <DaySeparator item={item()} />}</Show>
                  <Show when={messageItem(key)}>
                    {(item) => (
                      <MessageRow
                        client={props.client}
                        item={item()}
                        connected={synced()}
                        isGuest={isGuest()}
                      />
                    )}
                  </Show>
                </>
              )}
            </For>
          </div>
          <Switch>
            <Match when={messages().length === 0 && isNew()}>
              <EmptyState isReader={isReader()} />
            </Match>
            <Match when={messages().length === 0 && status() === "opening"}>
              <p class="log-opening">Opening your chat…</p>
            </Match>
          </Switch>
          <Show when={typing()}>
            {(label) => (
              <p class="typing" data-testid="typing">
                <span class="typing-dots" aria-hidden="true">
                  <i />
                  <i />
                  <i />
                </span>
                {label()}
              </p>
            )}
          </Show>
        </div>
      </section>
      <Show when={!stick.atBottom()}>
        <button type="button" class="button log-jump" onClick={() => stick.toBottom()}>
          <DownIcon />
          <Show
            when={unread() > 0}
            fallback={<span class="visually-hidden">Go to the newest message</span>}
          >
            {unread() === 1 ? "1 new message" : `${unread()} new messages`}
          </Show>
        </button>
      </Show>
    </main>
  );
}

function DaySeparator(props: { item: DayItem }): JSX.Element {
  return <p class="day">{formatDay(props.item.at, Date.now())}</p>;
}

function EmptyState(props: { isReader: boolean }): JSX.Element {
  return (
    <div class="empty">
      <span class="empty-mark">
        <ChatIcon />
      </span>
      <Show
        when={props.isReader}
        fallback={
          <>
            <h2>How can we help?</h2>
            <p>
              Write a message to begin. You can close this page: the chat is here when you come
              back.
            </p>
          </>
        }
      >
        <h2>Nothing was said yet</h2>
        <p>What is written here appears by itself.</p>
      </Show>
    </div>
  );
}
