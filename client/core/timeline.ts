// What is shown of a session: one conversation's part of the log, then what is not in it yet.
import type { Pending } from "./outbox.ts";
import type { ChatMessage } from "./session-state.ts";

/** Which conversation is shown: undefined for all that there is, as long as nobody knows. */
type Shown = string | undefined;

/** @returns what makes the list: the same array for as long as none of it changed */
export function createTimeline() {
  const logged = remembering(only);
  return remembering(
    (
      log: readonly ChatMessage[],
      pending: readonly Pending[],
      answers: readonly ChatMessage[],
      shown: Shown,
      first: Shown,
    ): readonly ChatMessage[] => {
      const here = logged(log, shown, first);
      if (pending.length + answers.length === 0) {
        return here;
      }
      const own = pending.map((one) => one.shown);
      const failed = own.findIndex(({ delivery }) => delivery === "failed");
      const until = failed === -1 ? own.length : failed;
      // What is on its way will be in the log before an answer that is still being written; what failed, later if ever.
      const rest = [...own.slice(0, until), ...answers, ...own.slice(until)];
      return [...here, ...only(rest, shown, first)];
    },
  );
}

/** @param first the conversation of a message that names none */
function only(list: readonly ChatMessage[], shown: Shown, first: Shown): readonly ChatMessage[] {
  return list.filter(
    ({ conversationId = first }) => shown === undefined || conversationId === shown,
  );
}

/** Gives the last answer again for the same arguments. */
function remembering<Args extends readonly unknown[], Answer>(
  make: (...args: Args) => Answer,
): (...args: Args) => Answer {
  let last: { readonly args: Args; readonly answer: Answer } | undefined;
  return (...args) => {
    if (!last?.args.every((arg, index) => arg === args[index])) {
      last = { args, answer: make(...args) };
    }
    return last.answer;
  };
}
