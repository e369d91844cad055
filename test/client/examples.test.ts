/** What the examples are made of, apart from the Workers that run them in test/e2e/bots.test.ts. */
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { scriptedModel } from "../../client/examples/bot-worker/scripted-model.ts";
import type { Message } from "../../src/protocol/message.ts";

const source = (path: string) =>
  readFileSync(new URL(`../../client/examples/${path}`, import.meta.url), "utf8");

const linesOf = (path: string) =>
  source(path)
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.trim().startsWith("//"));

const message = (role: Message["role"], content: string): Message => ({
  id: "m",
  seq: 1,
  conversationId: "c",
  role,
  content,
  createdAt: "2026-11-22T00:00:00Z",
});

test("a bot is no more to read than it says", () => {
  expect(linesOf("bot-worker/worker.ts").length).toBeLessThanOrEqual(40);
  expect(linesOf("bot-node/server.ts").length).toBeLessThanOrEqual(60);
});

test("the scripted model quotes the last question, word by word", async () => {
  const asked = [message("user", "First?"), message("assistant", "Yes."), message("user", "Now?")];
  vi.useFakeTimers();
  const spoken = Array.fromAsync(scriptedModel(asked));
  await vi.runAllTimersAsync();
  vi.useRealTimers();
  const words = await spoken;
  expect(words.length).toBeGreaterThan(20);
  expect(words.join("")).toMatch(/^You wrote: "Now\?"\./);
});
