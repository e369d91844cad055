// How a visitor gets to talk to a person, in words.
import type { ChatMessage, SessionClientState } from "../../core/index.ts";

export interface PersonLabel {
  readonly text: string;
  /** Whether a person can be asked for. */
  readonly canAsk: boolean;
}

/** How the visitor gets to talk to a person, or that this is so already. */
export function personLabel({
  conversation,
  messages,
}: Pick<SessionClientState, "conversation" | "messages">): PersonLabel {
  if (conversation?.handledBy === "operator") {
    return { text: PERSON_TEXTS[conversation.status], canAsk: false };
  }
  const last = messages.findLast(({ role }) => role !== "assistant");
  return last?.role === "user" && last.delivery !== "failed" && asksForPerson(last.metadata)
    ? { text: "Asked for a person", canAsk: false }
    : { text: "Talk to a person", canAsk: true };
}

const PERSON_TEXTS = {
  open: "A person answers here",
  pending: "A person will answer here",
  closed: "Closed. Write to open it again",
} as const;

/** As bots know it. */
export const TALK_TO_PERSON = { intent: "talk_to_person" } as const;

function asksForPerson(metadata: ChatMessage["metadata"]): boolean {
  return metadata?.intent === TALK_TO_PERSON.intent;
}
