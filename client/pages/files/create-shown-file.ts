// A file's bytes as an address that the page can show, for as long as whoever asks for it is there.
import type { Accessor } from "solid-js";
import { createEffect, createSignal, on, onCleanup } from "solid-js";
import type { Chat } from "../chat/chat.ts";

export interface ShownFile {
  /** Undefined until it is here. */
  readonly url: Accessor<string | undefined>;
  readonly blob: Accessor<Blob | undefined>;
  readonly failed: Accessor<boolean>;
  again(): void;
}

/** @param id undefined as long as nobody wants to see it */
export function createShownFile(
  chat: Pick<Chat, "downloadFile">,
  id: Accessor<string | undefined>,
): ShownFile {
  const [shown, show] = createSignal<{ readonly url: string; readonly blob: Blob }>();
  const [failed, setFailed] = createSignal(false);
  const [attempt, setAttempt] = createSignal(0);
  const revoke = () => URL.revokeObjectURL(shown()?.url ?? "");
  let wanted: string | undefined;
  const load = async (asked: string) => {
    wanted = asked;
    setFailed(false);
    try {
      const blob = await chat.downloadFile(asked);
      // What was uploaded here is the same under its new name: what is shown stays.
      if (wanted === asked && blob !== shown()?.blob) {
        revoke();
        show({ url: URL.createObjectURL(blob), blob });
      }
    } catch {
      setFailed(wanted === asked && !shown());
    }
  };
  createEffect(
    on([id, attempt], ([asked]) => {
      if (asked !== undefined) {
        void load(asked);
      }
    }),
  );
  onCleanup(() => {
    wanted = undefined;
    revoke();
  });
  return {
    url: () => shown()?.url,
    blob: () => shown()?.blob,
    failed,
    again: () => setAttempt((before) => before + 1),
  };
}
