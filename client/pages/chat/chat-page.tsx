import type { JSX } from "solid-js";
import { createSignal, Match, Show, Switch } from "solid-js";
import type { SessionClient } from "../../core/index.ts";
import { SharingDialog } from "../sharing/sharing-dialog.tsx";
import { closingLabel } from "./closing-label.ts";
import { ClosingNotice } from "./closing-notice.tsx";
import { Composer } from "./composer.tsx";
import { createSessionState } from "./create-session-state.ts";
import { EndDialog } from "./end-dialog.tsx";
import { GuestNotice } from "./guest-notice.tsx";
import { Header } from "./header.tsx";
import { Log } from "./log.tsx";
import { OfferNotice } from "./offer-notice.tsx";
import { TalkToPerson } from "./talk-to-person.tsx";

/** The whole chat: who is there, what was said, and where to write. */
export function ChatPage(props: { client: SessionClient; teamId: string }): JSX.Element {
  const select = createSessionState(props.client);
  const status = select((state) => state.status);
  const role = select((state) => state.role);
  const isInvited = select((state) => state.isInvited);
  const closing = select(closingLabel);
  const isOffered = select((state) => state.offer !== undefined);
  const canManage = () => status() === "active" && role() === "owner";
  const [dialog, setDialog] = createSignal<"sharing" | "ending">();
  const [draft, setDraft] = createSignal("");
  // Whoever has just asked for a chat wants to write; on a first visit, focus would open a phone's keyboard over the greeting.
  const [reopened, setReopened] = createSignal(false);
  const reopening = () => setReopened(true);
  return (
    <div class="chat">
      <Header
        teamId={props.teamId}
        select={select}
        canManage={canManage()}
        onShare={() => setDialog("sharing")}
        onEnd={() => setDialog("ending")}
      />
      <Log client={props.client} select={select} />
      <Switch
        fallback={
          <div>
            <Show when={isInvited()}>
              <GuestNotice client={props.client} role={role()} onLeave={reopening} />
            </Show>
            <Show when={role() === "owner" || role() === "writer"}>
              <Composer
                client={props.client}
                select={select}
                draft={draft()}
                onDraft={setDraft}
                takesFocus={reopened()}
              >
                <TalkToPerson client={props.client} select={select} />
              </Composer>
            </Show>
          </div>
        }
      >
        <Match when={closing()}>
          {(label) => <ClosingNotice client={props.client} label={label()} onReopen={reopening} />}
        </Match>
        <Match when={isOffered()}>
          <OfferNotice client={props.client} select={select} onAnswer={reopening} />
        </Match>
      </Switch>
      <SharingDialog
        client={props.client}
        select={select}
        open={dialog() === "sharing" && canManage()}
        onClose={() => setDialog()}
      />
      <EndDialog
        client={props.client}
        open={dialog() === "ending" && canManage()}
        onClose={() => setDialog()}
      />
    </div>
  );
}
