/** What the example bot says to a model of Workers AI, and hears of it. */
import { describe, expect, test } from "vitest";
import { textOf, toChat } from "../../client/examples/bot-worker/workers-ai.ts";
import type { Message } from "../../src/protocol/message.ts";

const message = (role: Message["role"], content: string, more: Partial<Message> = {}): Message => ({
  id: "m",
  seq: 1,
  conversationId: "c",
  role,
  content,
  createdAt: "2026-11-22T00:00:00Z",
  ...more,
});

describe("Workers AI", () => {
  test("gets the conversation as a chat, without what was taken back", () => {
    const chat = [
      message("system", "Ada took over"),
      message("user", "Hi"),
      message("operator", "Hello"),
      message("user", "", { redacted: true }),
    ];
    expect(toChat(chat)).toEqual([
      { role: "system", content: expect.any(String) },
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello" },
    ]);
  });

  test("is understood however its events are cut", async () => {
    const events = [
      'data: {"response":"Grüß"}\n\n',
      'data: {"response":" dich"}\n\n',
      'data: {"response":"","usage":{"total_tokens":9}}\n\n',
      "data: [DONE]\n\n",
    ];
    const bytes = new TextEncoder().encode(events.join(""));
    for (const size of [1, 7, bytes.length]) {
      const cut = new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < bytes.length; at += size) {
            controller.enqueue(bytes.slice(at, at + size));
          }
          controller.close();
        },
      });
      const text = await Array.fromAsync(textOf(cut));
      expect(text).toEqual(["Grüß", " dich"]);
    }
  });
});
