import type { JSX } from "solid-js";
import { createMemo, Show } from "solid-js";
import type { Chat } from "./chat.ts";
import { OfflineIcon } from "./icons.tsx";
import { cutOffLabel, isCutOff } from "./labels.ts";

/** Says that the connection is lost, and how many messages wait for it. Lies over the log: nothing moves when it comes or goes. */
export function ConnectionBanner(props: {
  chat: Pick<Chat, "connection" | "pendingCount">;
}): JSX.Element {
  const cutOff = createMemo(() => isCutOff(props.chat.connection()));
  return (
    <div class="banner-place" role="status">
      <Show when={cutOff()}>
        <p class="banner" data-testid="cut-off">
          <OfflineIcon />
          {cutOffLabel(props.chat.pendingCount(), navigator.onLine)}
        </p>
      </Show>
    </div>
  );
}
