import type { JSX } from "solid-js";
import { createEffect, createMemo, createSignal, For, Match, Show, Switch } from "solid-js";
import type { ChatMessage } from "../../core/index.ts";
import { isValid } from "../../core/index.ts";
import type { Chat } from "./chat.ts";
import { ConnectionBanner } from "./connection-banner.tsx";
import { createReadMarking } from "./create-read-marking.ts";
import { createUnread } from "./create-unread.ts";
import { formatDay } from "./format.ts";
import { ChatIcon, DownIcon } from "./icons.tsx";
import { authorName, typingLabel, viewerOf } from "./labels.ts";
import { MessageRow } from "./message-row.tsx";
import { OlderMessages } from "./older-messages.tsx";
import { createStickToBottom } from "./stick-to-bottom.ts";
import type { DayItem } from "./timeline.ts";
import { timeline } from "./timeline.ts";

interface LogProps {
  readonly chat: Chat;
  /** False while the chat is not to be seen, though its page may be. */
  readonly isShown?: boolean;
}

/** All that was said. */
export function Log(props: LogProps): JSX.Element {
  const { chat } = props;
  const { messages, synced, status } = chat;
  const isNew = () => isValid({ status: status() }) && chat.sessionData()?.lastSeq === 0;
  const viewer = createMemo(() => viewerOf({ role: chat.role(), isInvited: chat.isInvited() }));
  const seenUpTo = () => chat.readUpTo()[viewer() === "operator" ? "visitor" : "team"];
  const isReader = () => chat.role() === "reader";
  const typing = createMemo(() => typingLabel(chat.typing(), viewer()));
  const writingRole = () => (viewer() === "operator" ? "operator" : "user");
  const ownRole = () => (isReader() ? undefined : writingRole());
  // Rows are kept by key, so that a message which is sent goes on in the row in which it was written.
  const items = createMemo(
    () => new Map(timeline(messages(), ownRole()).map((item) => [item.key, item])),
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
  const unread = createUnread(messages, stick, writingRole);
  createReadMarking(chat, () => synced() && stick.atBottom() && props.isShown !== false);

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
          <OlderMessages chat={chat} scroller={() => scroller} />
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
                        chat={chat}
                        item={item()}
                        connected={synced()}
                        seenUpTo={seenUpTo()}
                        viewer={viewer()}
                      />
                    )}
                  </Show>
                </>
              )}
            </For>
          </div>
          <FinishedAnswer messages={messages()} />
          <Switch>
            <Match when={messages().length === 0 && isNew()}>
              <EmptyState isAsked={viewer() !== "operator" && !isReader()} />
            </Match>
            <Match when={messages().length === 0 && status() === "creating"}>
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
      <ConnectionBanner chat={chat} />
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

/** A screen reader is told an answer once, when it is whole. */
function FinishedAnswer(props: { messages: readonly ChatMessage[] }): JSX.Element {
  const [text, setText] = createSignal("");
  createEffect<ReadonlySet<string>>((before) => {
    const finished = props.messages.findLast(
      ({ key, seq }) => seq !== undefined && before.has(key),
    );
    if (finished) {
      setText(`${authorName(finished.role, finished.author, "visitor")}: ${finished.content}`);
    }
    return new Set(props.messages.filter(({ streaming }) => streaming).map(({ key }) => key));
  }, new Set());
  return (
    <p class="visually-hidden" role="status" data-testid="finished-answer">
      {text()}
    </p>
  );
}

function EmptyState(props: { isAsked: boolean }): JSX.Element {
  return (
    <div class="empty">
      <span class="empty-mark">
        <ChatIcon />
      </span>
      <Show
        when={!props.isAsked}
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
