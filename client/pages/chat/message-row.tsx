import type { JSX } from "solid-js";
import { Match, Show, Switch } from "solid-js";
import { isUploading } from "../files/attachment-label.ts";
import { Attachments } from "../files/attachments.tsx";
import { FailedFiles } from "../files/failed-files.tsx";
import { Markdown } from "../markdown/markdown.tsx";
import type { Chat } from "./chat.ts";
import { formatFull, formatTime } from "./format.ts";
import type { Viewer } from "./labels.ts";
import { authorName, breakLabel, deliveryLabel } from "./labels.ts";
import type { MessageItem } from "./timeline.ts";

interface MessageRowProps {
  /** What can be tried again is, and files can be had; undefined for what is only read. */
  readonly chat?: Pick<Chat, "retry" | "cancel" | "send" | "downloadFile">;
  readonly item: MessageItem;
  /** Whether what is on its way can arrive at the moment. */
  readonly connected: boolean;
  /** How far the other side has read. */
  readonly seenUpTo: number;
  readonly viewer: Viewer;
}

/** One message. What visitors write goes into the page as the text that it is, what the team writes as Markdown. */
export function MessageRow(props: MessageRowProps): JSX.Element {
  const message = () => props.item.message;
  const delivery = () => deliveryLabel(message(), props.connected, props.seenUpTo);
  const name = () => authorName(message().role, message().author, props.viewer);
  const isVisitors = () => message().role === "user";
  const isMarkdown = () => message().role === "assistant" || message().role === "operator";
  const side = () => (isVisitors() === (props.viewer !== "operator") ? "own" : "other");
  const isPending = () => message().streaming && message().content === "";
  // Once an answer was told piece by piece, its row stays silent: the whole is told elsewhere, at its end.
  const wasStreamed = message().streaming;
  return (
    <article
      class="message"
      classList={{ "message-first": props.item.startsGroup, "message-last": props.item.endsGroup }}
      data-role={message().role}
      data-side={side()}
      data-delivery={message().delivery}
      data-streaming={message().streaming ? "" : undefined}
      aria-live={wasStreamed ? "off" : undefined}
    >
      <Show
        when={props.item.startsGroup && !(isVisitors() && props.viewer !== "operator")}
        fallback={<span class="visually-hidden">{name()}</span>}
      >
        <p class="message-author">
          <span class="avatar" aria-hidden="true">
            {initial(name())}
          </span>
          {name()}
        </p>
      </Show>
      <Switch
        fallback={
          <p class="message-text" dir="auto">
            {message().content}
          </p>
        }
      >
        <Match when={message().redacted}>
          <p class="message-text message-redacted">This message was removed.</p>
        </Match>
        <Match when={message().content === "" && message().attachments.length > 0}>{null}</Match>
        <Match when={isPending()}>
          <p class="message-text message-pending">
            <span class="typing-dots" aria-hidden="true">
              <i />
              <i />
              <i />
            </span>
            <span class="visually-hidden">An answer is on its way</span>
          </p>
        </Match>
        <Match when={isMarkdown()}>
          <div class="message-text markdown" dir="auto">
            <Markdown text={message().content} />
          </div>
        </Match>
      </Switch>
      <Attachments
        attachments={message().attachments}
        isUploading={isUploading(message())}
        chat={props.chat}
        messageKey={message().key}
      />
      <Show when={props.item.endsGroup || props.item.showsDelivery || breakLabel(message())}>
        <p class="message-foot">
          <Show when={!message().streaming} fallback="Writing…">
            <time
              datetime={new Date(message().createdAt).toISOString()}
              title={formatFull(message().createdAt)}
            >
              {formatTime(message().createdAt)}
            </time>
          </Show>
          <Show when={message().imported}>
            <span class="message-mark" title="Brought along from an earlier chat in this browser">
              Imported
            </span>
          </Show>
          <Show when={breakLabel(message())}>
            {(label) => <span class="message-mark">{label()}</span>}
          </Show>
          <Show when={props.item.showsDelivery}>
            <span class="message-mark">{delivery().text}</span>
          </Show>
          <Show when={delivery().canRetry && props.chat}>
            {(chat) => (
              <button type="button" class="link" onClick={() => chat().retry(message().key)}>
                Try again
              </button>
            )}
          </Show>
          <Show when={props.chat}>
            {(chat) => <FailedFiles message={message()} chat={chat()} />}
          </Show>
        </p>
      </Show>
    </article>
  );
}

/** The first character, also where it is made of several code points. */
function initial(name: string): string {
  const [first] = new Intl.Segmenter().segment(name);
  return first?.segment.toLocaleUpperCase() ?? "";
}
