// A model of Workers AI in the scripted one's place.
import type { Message } from "../../server/index.ts";

const INSTRUCTIONS =
  "You answer the visitors of a website: friendly, truthful and short, in Markdown.";

const MODEL = "@cf/meta/llama-3.1-8b-instruct-fp8";

/** An answer to the last message. */
export async function* workersAi(ai: Ai, messages: readonly Message[]): AsyncGenerator<string> {
  yield* textOf(await ai.run(MODEL, { stream: true, messages: toChat(messages) }));
}

/** A conversation as models take it. */
export function toChat(messages: readonly Message[]): { role: string; content: string }[] {
  const chat = messages
    .filter(({ role, redacted }) => role !== "system" && !redacted)
    .map(({ role, content }) => ({ role: role === "user" ? "user" : "assistant", content }));
  return [{ role: "system", content: INSTRUCTIONS }, ...chat];
}

/** The text in what a model streams: server-sent events, each with the next piece in `response`, and `[DONE]` at the end. */
export async function* textOf(events: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const utf8 = new TextDecoder();
  let rest = "";
  for await (const bytes of events) {
    const lines = (rest + utf8.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("data: {")) continue;
      const { response } = JSON.parse(line.slice("data: ".length)) as { response?: string | null };
      if (response) yield response;
    }
  }
}
