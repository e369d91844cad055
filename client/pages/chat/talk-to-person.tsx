import type { JSX } from "solid-js";
import { createMemo, Show } from "solid-js";
import type { Chat } from "./chat.ts";
import { PersonIcon } from "./icons.tsx";
import { personLabel, TALK_TO_PERSON } from "./person-label.ts";

/** Asks for a person, in words that people read and a mark that bots read; and says so when one answers. */
export function TalkToPerson(props: { chat: Chat }): JSX.Element {
  const label = createMemo(() =>
    personLabel({ conversation: props.chat.conversation(), messages: props.chat.messages() }),
  );
  const text = createMemo(() => label().text);
  const canAsk = createMemo(() => label().canAsk);
  const ask = () =>
    props.chat.send("I would like to talk to a person.", { metadata: TALK_TO_PERSON });
  return (
    <Show
      when={canAsk()}
      fallback={
        <span class="chip chip-state" role="status">
          <PersonIcon />
          {text()}
        </span>
      }
    >
      <button type="button" class="chip" onClick={ask}>
        <PersonIcon />
        {text()}
      </button>
    </Show>
  );
}
