import { createEffect, onMount } from "solid-js";
import { render } from "solid-js/web";
import { RequestError } from "../../core/index.ts";
import { createEnhancedSession } from "../../solid/index.ts";
import { ChatPage } from "../chat/chat-page.tsx";
import { createPreferences } from "../chat/preferences.ts";
import "../styles/chat.css";
import { connectHostPage } from "./host-page.ts";
import { tellHostPage } from "./tell-host-page.ts";

const query = new URLSearchParams(location.search);
const teamId = query.get("team") ?? "";
const root = document.querySelector("#chat");
if (root) {
  render(() => {
    const host = connectHostPage(query.get("origin"), () => void identify());
    host.ready();
    const preferences = createPreferences(teamId);
    const session = createEnhancedSession({
      teamId,
      fingerprint: preferences.recognised,
      tokenTransport: query.get("transport") === "cookie" ? "cookie" : "bearer",
      getIdentityToken: () => host.identityToken(),
    });
    const identify = async () => {
      // Without a session yet, the token is asked for when there is to be one.
      const token = session.isValid() ? await host.identityToken() : undefined;
      if (token !== undefined) {
        await session.identify(token).catch((error) => {
          const code = error instanceof RequestError ? error.code : "unavailable";
          host.tell({ name: "error", detail: { code } });
        });
      }
    };
    // The chat may have begun before the page knew anybody.
    let isAsked = false;
    createEffect(() => {
      const isAnonymous = session.sessionData()?.userId === undefined;
      if (!isAsked && session.isValid() && session.role() === "owner") {
        isAsked = true;
        if (isAnonymous) {
          void identify();
        }
      }
    });
    tellHostPage(session, host);
    onMount(() => closeOnEscape(host.close));
    return (
      <ChatPage
        session={session}
        teamId={teamId}
        preferences={preferences}
        {...(parent !== window && { embedding: host })}
      />
    );
  }, root);
}

/** Where the key means nothing nearer. */
function closeOnEscape(close: () => void): void {
  addEventListener("keydown", (event) => {
    const isTaken = event.defaultPrevented || document.querySelector("dialog[open]") !== null;
    if (event.key === "Escape" && !event.isComposing && !isTaken) {
      close();
    }
  });
}
