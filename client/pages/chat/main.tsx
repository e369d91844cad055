import { render } from "solid-js/web";
import { createEnhancedSession } from "../../solid/index.ts";
import "../styles/chat.css";
import { ChatPage } from "./chat-page.tsx";
import { createPreferences } from "./preferences.ts";

const DEFAULT_TEAM_ID = "demo";

const root = document.querySelector("#chat");
if (root) {
  render(() => {
    const teamId = new URLSearchParams(location.search).get("team") ?? DEFAULT_TEAM_ID;
    const preferences = createPreferences(teamId);
    const session = createEnhancedSession({ teamId, fingerprint: preferences.recognised });
    // A link that is opened in this tab may change nothing but the fragment, and load nothing.
    addEventListener("hashchange", () => {
      if (location.hash !== "") {
        session.client()?.start();
      }
    });
    return <ChatPage session={session} teamId={teamId} preferences={preferences} />;
  }, root);
}
