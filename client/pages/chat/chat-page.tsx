import type { JSX } from "solid-js";
import { createSignal, Show } from "solid-js";
import type { SessionClient } from "../../core/index.ts";
import { ClosingNotice } from "./closing-notice.tsx";
import { Composer } from "./composer.tsx";
import { createSessionState } from "./create-session-state.ts";
import { EndDialog } from "./end-dialog.tsx";
import { Header } from "./header.tsx";
import { closingLabel } from "./labels.ts";
import { Log } from "./log.tsx";

/** The whole chat: who is there, what was said, and where to write. */
export function ChatPage(props: { client: SessionClient; teamId: string }): JSX.Element {
  const select = createSessionState(props.client);
  const status = select((state) => state.status);
  const error = select((state) => state.error);
  const closing = () => closingLabel(status(), error());
  const [ending, setEnding] = createSignal(false);
  const [draft, setDraft] = createSignal("");
  // Whoever has just asked for a chat wants to write; on a first visit, focus would open a phone's keyboard over the greeting.
  const [reopened, setReopened] = createSignal(false);
  return (
    <div class="chat">
      <Header
        teamId={props.teamId}
        select={select}
        canEnd={status() === "active"}
        onEnd={() => setEnding(true)}
      />
      <Log client={props.client} select={select} />
      <Show
        when={closing()}
        fallback={
          <Composer
            client={props.client}
            select={select}
            draft={draft()}
            onDraft={setDraft}
            takesFocus={reopened()}
          />
        }
      >
        {(label) => (
          <ClosingNotice client={props.client} label={label()} onReopen={() => setReopened(true)} />
        )}
      </Show>
      <EndDialog
        client={props.client}
        open={ending() && closing() === undefined}
        onClose={() => setEnding(false)}
      />
    </div>
  );
}
