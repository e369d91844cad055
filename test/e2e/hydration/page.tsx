import { For, Show } from "solid-js";
import { useEnhancedSession } from "../../../client/solid/index.ts";

/** A valid session has an element more: a hydration that began with one would not find it among the server's, and fail. */
export function Page(props: { readonly baseUrl: string; readonly teamId: string }) {
  const session = useEnhancedSession({ teamId: props.teamId, baseUrl: props.baseUrl });
  return (
    <main>
      <p id="status">{session.status()}</p>
      <Show when={session.isValid()} fallback={<em id="nothing">nothing yet</em>}>
        <strong id="session">{session.sessionId()}</strong>
        <small>{session.connection().state}</small>
      </Show>
      <ul>
        <For each={session.messages()}>{(message) => <li>{message.content}</li>}</For>
      </ul>
      <button type="button" onClick={() => session.send("hello")}>
        Send
      </button>
    </main>
  );
}
