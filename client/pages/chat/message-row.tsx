import type { JSX } from "solid-js";
import { Show } from "solid-js";
import type { SessionClient } from "../../core/index.ts";
import { formatFull, formatTime } from "./format.ts";
import { authorName, deliveryLabel } from "./labels.ts";
import type { MessageItem } from "./timeline.ts";

interface MessageRowProps {
  readonly client: SessionClient;
  readonly item: MessageItem;
  /** Whether what is on its way can arrive at the moment. */
  readonly connected: boolean;
  /** Whether this tab came in by a link. */
  readonly isGuest: boolean;
}

/** One message. Its text goes into the page as text, whatever it holds. */
export function MessageRow(props: MessageRowProps): JSX.Element {
  const message = () => props.item.message;
  const delivery = () => deliveryLabel(message(), props.connected);
  const name = () => authorName(message().role, message().author, props.isGuest);
  return (
    <article
      class="message"
      classList={{ "message-first": props.item.startsGroup, "message-last": props.item.endsGroup }}
      data-role={message().role}
      data-delivery={message().delivery}
    >
      <Show
        when={props.item.startsGroup && message().role !== "user"}
        fallback={<span class="visually-hidden">{name()}</span>}
      >
        <p class="message-author">
          <span class="avatar" aria-hidden="true">
            {initial(name())}
          </span>
          {name()}
        </p>
      </Show>
      <p class="message-text" dir="auto">
        {message().content}
      </p>
      <Show when={props.item.endsGroup || props.item.showsDelivery}>
        <p class="message-foot">
          <time
            datetime={new Date(message().createdAt).toISOString()}
            title={formatFull(message().createdAt)}
          >
            {formatTime(message().createdAt)}
          </time>
          <Show when={props.item.showsDelivery}>
            <span class="message-delivery">{delivery().text}</span>
          </Show>
          <Show when={delivery().canRetry}>
            <button type="button" class="link" onClick={() => props.client.retry(message().key)}>
              Try again
            </button>
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
