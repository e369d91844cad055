import { onMount } from "solid-js";
import { render } from "solid-js/web";
import { createEnhancedSession } from "../../solid/index.ts";
import { ChatPage } from "../chat/chat-page.tsx";
import { createPreferences } from "../chat/preferences.ts";
import "../styles/chat.css";
import { createPerson, followPerson } from "./follow-person.ts";
import { connectHostPage } from "./host-page.ts";
import { tellHostPage } from "./tell-host-page.ts";

const query = new URLSearchParams(location.search);
const teamId = query.get("team") ?? "";
const root = document.querySelector("#chat");
if (root) {
  render(() => {
    const host = connectHostPage(query.get("origin"), () => follow());
    const person = createPerson(host);
    const preferences = createPreferences(teamId);
    const session = createEnhancedSession({
      teamId,
      fingerprint: preferences.recognised,
      tokenTransport: query.get("transport") === "cookie" ? "cookie" : "bearer",
      getIdentityToken: person.token,
    });
    const follow = followPerson(session, person, host);
    host.ready();
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
