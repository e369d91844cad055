/** What the examples are made of, apart from the Workers that run them in test/e2e/bots.test.ts. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { scriptedModel } from "../../client/examples/bot-worker/scripted-model.ts";
import { textOf, toPrompt } from "../../client/examples/bot-worker/workers-ai.ts";
import type { Message } from "../../src/protocol/message.ts";

const source = (path: string) =>
  readFileSync(new URL(`../../client/examples/${path}`, import.meta.url), "utf8");

const linesOf = (path: string) =>
  source(path)
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.trim().startsWith("//"));

const message = (role: Message["role"], content: string, more: Partial<Message> = {}): Message => ({
  id: "m",
  seq: 1,
  conversationId: "c",
  role,
  content,
  createdAt: "2026-11-22T00:00:00Z",
  ...more,
});

test("a bot is no more to read than it says", () => {
  expect(linesOf("bot-worker/worker.ts").length).toBeLessThanOrEqual(40);
  expect(linesOf("bot-node/server.ts").length).toBeLessThanOrEqual(60);
});

test("the scripted model quotes the last question, word by word", async () => {
  const asked = [message("user", "First?"), message("assistant", "Yes."), message("user", "Now?")];
  const words = await Array.fromAsync(scriptedModel(asked));
  expect(words.length).toBeGreaterThan(20);
  expect(words.join("")).toMatch(/^You wrote: "Now\?"\./);
});

describe("Workers AI", () => {
  test("gets the conversation as a chat, without what was taken back", () => {
    const chat = [
      message("system", "Ada took over"),
      message("user", "Hi"),
      message("operator", "Hello"),
      message("user", "", { redacted: true }),
    ];
    expect(toPrompt(chat)).toEqual({
      stream: true,
      messages: [
        { role: "system", content: expect.any(String) },
        { role: "user", content: "Hi" },
        { role: "assistant", content: "Hello" },
      ],
    });
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
