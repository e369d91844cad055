import type { Accessor } from "solid-js";
import { createEffect, createSignal, onCleanup, onMount } from "solid-js";
import type { Chat } from "./chat.ts";

/** Seen is what stood before somebody this long. It also bounds how often a mark is sent. */
const LOOK_MS = 1000;

/**
 * Marks messages as read while somebody can be looking at them.
 *
 * @param showsNewest whether the newest of them is in sight, in a tab that is
 */
export function createReadMarking(chat: Chat, showsNewest: Accessor<boolean>): void {
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
    const isLooking = visible() && showsNewest() && chat.messages().length > 0;
    if (!isLooking) {
      stop();
      return;
    }
    timer ??= setTimeout(() => {
      timer = undefined;
      chat.markRead();
    }, LOOK_MS);
  });
  onCleanup(stop);
}
