import type { Accessor, JSX } from "solid-js";
import { createEffect, createMemo, createSignal, Match, on, Show, Switch } from "solid-js";
import type { EnhancedSession } from "../../solid/index.ts";
import { SharingDialog } from "../sharing/sharing-dialog.tsx";
import { closingLabel } from "./closing-label.ts";
import { ClosingNotice } from "./closing-notice.tsx";
import { Composer } from "./composer.tsx";
import { ConversationTabs } from "./conversation-tabs.tsx";
import { EndDialog } from "./end-dialog.tsx";
import { GuestNotice } from "./guest-notice.tsx";
import { Header } from "./header.tsx";
import { Log } from "./log.tsx";
import { MemoryNotice } from "./memory-notice.tsx";
import { OfferNotice } from "./offer-notice.tsx";
import type { Preferences } from "./preferences.ts";
import { PreviousNotice } from "./previous-notice.tsx";
import { SettingsDialog } from "./settings-dialog.tsx";
import { TalkToPerson } from "./talk-to-person.tsx";

/** What the page around the chat's frame knows of it. */
export interface Embedding {
  readonly isShown: Accessor<boolean>;
  close(): void;
}

interface ChatPageProps {
  readonly session: EnhancedSession;
  readonly teamId: string;
  readonly preferences: Preferences;
  readonly embedding?: Embedding;
}

/** The whole chat: who is there, what was said, and where to write. */
export function ChatPage(props: ChatPageProps): JSX.Element {
  const { session } = props;
  const { status, role, isInvited, error } = session;
  const closing = createMemo(() =>
    closingLabel({ status: status(), error: error(), isInvited: isInvited(), role: role() }),
  );
  const canManage = () => session.isValid() && role() === "owner";
  const [dialog, setDialog] = createSignal<"sharing" | "ending" | "settings">();
  const [draft, setDraft] = createSignal("");
  // Whoever has just asked for a chat wants to write; on a first visit, focus would open a phone's keyboard over the greeting.
  const [reopened, setReopened] = createSignal(false);
  const reopening = () => setReopened(true);
  let chat!: HTMLDivElement;
  createEffect(
    on(
      () => props.embedding?.isShown(),
      (isShown) => isShown && focusFirst(chat),
    ),
  );
  return (
    <div
      class="chat"
      ref={(found) => {
        chat = found;
      }}
    >
      <div>
        <Header
          teamId={props.teamId}
          session={session}
          canManage={canManage()}
          onShare={() => setDialog("sharing")}
          onSettings={() => setDialog("settings")}
          onEnd={() => setDialog("ending")}
          onClose={props.embedding && (() => props.embedding?.close())}
        />
        <ConversationTabs session={session} />
      </div>
      <Log chat={session} isShown={props.embedding?.isShown() ?? true} />
      <Switch
        fallback={
          <div>
            <Show when={session.previous()}>
              {(previous) => <PreviousNotice session={session} previous={previous()} />}
            </Show>
            <Show when={isInvited()}>
              <GuestNotice session={session} role={role()} onLeave={reopening} />
            </Show>
            <Show when={session.storage() === "memory"}>
              <MemoryNotice />
            </Show>
            <Show when={role() === "owner" || role() === "writer"}>
              <Composer chat={session} draft={draft()} onDraft={setDraft} takesFocus={reopened()}>
                <TalkToPerson chat={session} />
              </Composer>
            </Show>
          </div>
        }
      >
        <Match when={closing()}>
          {(label) => <ClosingNotice session={session} label={label()} onReopen={reopening} />}
        </Match>
        <Match when={session.offer()}>
          <OfferNotice session={session} onAnswer={reopening} />
        </Match>
      </Switch>
      <SharingDialog
        sharing={session}
        presence={session.presence()}
        open={dialog() === "sharing" && canManage()}
        onClose={() => setDialog()}
      />
      <SettingsDialog
        preferences={props.preferences}
        open={dialog() === "settings"}
        onClose={() => setDialog()}
      />
      <EndDialog
        session={session}
        open={dialog() === "ending" && canManage()}
        onClose={() => setDialog()}
      />
    </div>
  );
}

/** Where somebody writes; a device without a keyboard of its own would cover the chat with one. */
function focusFirst(chat: HTMLElement): void {
  const hasKeyboard = matchMedia("(hover: hover)").matches;
  const field = hasKeyboard ? chat.querySelector<HTMLElement>("textarea") : null;
  (field ?? chat.querySelector<HTMLElement>("h1"))?.focus();
}
