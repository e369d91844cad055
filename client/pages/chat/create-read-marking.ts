import type { Accessor } from "solid-js";
import { createEffect, createSignal, onCleanup, onMount } from "solid-js";
import type { ChatClient, ChatMessage } from "../../core/index.ts";

/** Seen is what stood before somebody this long. It also bounds how often a mark is sent. */
const LOOK_MS = 1000;

interface ReadMarkingOptions {
  readonly messages: Accessor<readonly ChatMessage[]>;
  /** Whether the newest of them is in sight, in a tab that is. */
  readonly showsNewest: Accessor<boolean>;
}

/** Marks messages as read while somebody can be looking at them. */
export function createReadMarking(
  client: ChatClient,
  { messages, showsNewest }: ReadMarkingOptions,
): void {
  const [visible, setVisible] = createSignal(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  onMount(() => {
    const looked = () => setVisible(document.visibilityState === "visible");
    looked();
    document.addEventListener("visibilitychange", looked);
    onCleanup(() => document.removeEventListener("visibilitychange", looked));
  });
  createEffect(() => {
    const isLooking = visible() && showsNewest() && messages().length > 0;
    if (!isLooking) {
      stop();
      return;
    }
    timer ??= setTimeout(() => {
      timer = undefined;
      client.markRead();
    }, LOOK_MS);
  });
  onCleanup(stop);
}
