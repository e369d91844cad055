import { render } from "solid-js/web";
import { createSessionClient } from "../../core/index.ts";
import "../styles/theme.css";
import "../styles/page.css";
import "../styles/header.css";
import "../styles/log.css";
import "../styles/markdown.css";
import "../styles/composer.css";
import "../styles/notice.css";
import "../styles/sharing.css";
import { ChatPage } from "./chat-page.tsx";

const DEFAULT_TEAM_ID = "demo";

const teamId = new URLSearchParams(location.search).get("team") ?? DEFAULT_TEAM_ID;
const client = createSessionClient({ baseUrl: location.origin, teamId });
const root = document.querySelector("#chat");
if (root) {
  client.start();
  // A link that is opened in this tab may change nothing but the fragment, and load nothing.
  addEventListener("hashchange", () => {
    if (location.hash !== "") {
      client.start();
    }
  });
  render(() => <ChatPage client={client} teamId={teamId} />, root);
}
