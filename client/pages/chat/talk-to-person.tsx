import type { JSX } from "solid-js";
import { Show } from "solid-js";
import type { ChatClient } from "../../core/index.ts";
import type { Select } from "./create-session-state.ts";
import { PersonIcon } from "./icons.tsx";
import { personLabel, TALK_TO_PERSON } from "./person-label.ts";

/** Asks for a person, in words that people read and a mark that bots read; and says so when one answers. */
export function TalkToPerson(props: { client: ChatClient; select: Select }): JSX.Element {
  const text = props.select((state) => personLabel(state).text);
  const canAsk = props.select((state) => personLabel(state).canAsk);
  const ask = () =>
    props.client.send("I would like to talk to a person.", { metadata: TALK_TO_PERSON });
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
