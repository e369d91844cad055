// Stands in for a language model: from a conversation to text that comes word by word.
import type { Message } from "../../server/index.ts";

const WORD_EVERY_MS = 40;
const THINKING_MS = 400;
const QUOTED_WORDS = 12;

const ABOUT = `I am a scripted bot, and say much the same to everybody:

- My words **stream** to all your tabs at once.
- Reload in the middle: the answer goes on where it was.
- *Stop* ends me; "Talk to a person" calls somebody of the team.

Ask for a \`story\` to hear more of me.`;

const STORY = `Once upon a time there was a message that was afraid to get lost. It lived in a browser tab, and tabs, as everybody knows, are closed without a warning.

So one day it set out. It crossed a **socket**, which broke; it waited, and crossed the next one. It knocked at the door of an object and said its name, and the object looked into its log.

1. "I do not know you yet," said the object, and wrote the message down.
2. Only then did it tell the others.
3. When the message came a second time, for it was a nervous message, the object said: "You are here already."

And since what is written down stays written down, the message is there to this day, in every tab, at the same place.`;

/** An answer to the last message; leaving the loop over it ends it. */
export async function* scriptedModel(messages: readonly Message[]): AsyncGenerator<string> {
  const question = messages.findLast(({ role }) => role === "user")?.content ?? "";
  await pause(THINKING_MS);
  for (const [word] of answerTo(question).matchAll(/\S+\s*/g)) {
    yield word;
    await pause(WORD_EVERY_MS);
  }
}

function answerTo(question: string): string {
  if (/\bstory\b/i.test(question)) return STORY;
  const words = question.split(/\s+/).slice(0, QUOTED_WORDS).join(" ");
  return `You wrote: "${words}". ${ABOUT}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
