import type { JSX } from "solid-js";
import { createSignal, Match, onCleanup, Show, Switch } from "solid-js";
import { ChatIcon } from "../chat/icons.tsx";
import { Conversation } from "./conversation.tsx";
import { SessionList } from "./session-list.tsx";
import type { SignIn } from "./sign-in.ts";
import { forgetSignIn, takeSignIn } from "./sign-in.ts";

/** The team's chats on one side, the one that is open on the other; on a phone, one at a time. */
export function DashboardPage(): JSX.Element {
  const [signIn, setSignIn] = createSignal(takeSignIn());
  const [opened, setOpened] = createSignal(sessionInAddress());
  const followAddress = () => {
    setSignIn((now) => takeSignIn() ?? now);
    setOpened(sessionInAddress());
  };
  addEventListener("hashchange", followAddress);
  onCleanup(() => removeEventListener("hashchange", followAddress));
  const signOut = () => {
    forgetSignIn();
    setSignIn();
    location.hash = "";
  };
  return (
    <Show when={signIn()} keyed fallback={<SignedOut />}>
      {(who: SignIn) => (
        <div class="dashboard" data-opened={opened()}>
          <SessionList signIn={who} opened={opened()} onSignOut={signOut} />
          <Switch fallback={<NothingOpen />}>
            <Match when={opened()} keyed>
              {(sessionId) => <Conversation signIn={who} sessionId={sessionId} />}
            </Match>
          </Switch>
        </div>
      )}
    </Show>
  );
}

/** An id is an address and opens nothing, so it may stand there. */
function sessionInAddress(): string | undefined {
  return new URLSearchParams(location.hash.slice(1)).get("session") || undefined;
}

function NothingOpen(): JSX.Element {
  return (
    <main class="dashboard-empty">
      <div class="empty">
        <span class="empty-mark">
          <ChatIcon />
        </span>
        <h2>No chat is open</h2>
        <p>Choose one from the list. What is written in it appears as it comes.</p>
      </div>
    </main>
  );
}

function SignedOut(): JSX.Element {
  return (
    <main class="dashboard-empty dashboard-signed-out">
      <div class="empty">
        <span class="empty-mark">
          <ChatIcon />
        </span>
        <h2>You are not signed in</h2>
        <p>Open the link that your team gives you. It works for as long as it says.</p>
      </div>
    </main>
  );
}
