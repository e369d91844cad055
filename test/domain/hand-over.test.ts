import { describe, expect, test } from "vitest";
import { newConversation } from "../../src/domain/conversation-record.ts";
import { changeConversation, changeMetadata, reopen } from "../../src/domain/hand-over.ts";
import type { UpdateConversationRequest } from "../../src/protocol/conversation.ts";
import { NOW } from "./records.ts";

const open = newConversation("conv", NOW);
const ada = { id: "ada", name: "Ada" };
const LATER = NOW + 1000;

/** Anna has it. */
const taken = { ...open, handledBy: "operator", assignee: "anna" } as const;

describe("what is told", () => {
  test.each<{
    before?: Partial<typeof open>;
    request: UpdateConversationRequest;
    by?: typeof ada;
    content: string;
  }>([
    {
      request: { handledBy: "operator" },
      by: ada,
      content: "Ada took over the conversation",
    },
    { request: { handledBy: "operator" }, content: "The team handed the conversation to a person" },
    {
      request: { handledBy: "operator", status: "pending" },
      content: "The team handed the conversation to a person",
    },
    {
      before: { ...taken, assignee: null, status: "pending" },
      request: { handledBy: "operator", status: "open" },
      by: ada,
      content: "Ada took over the conversation",
    },
    {
      before: { ...taken, status: "pending" },
      request: { handledBy: "bot", status: "open" },
      by: ada,
      content: "Ada handed the conversation back to the bot",
    },
    {
      before: { ...taken, status: "closed" },
      request: { handledBy: "bot", status: "open" },
      by: ada,
      content: "Ada handed the conversation back to the bot and opened it again",
    },
    {
      before: { ...open, status: "pending" },
      request: { status: "open" },
      content: "The team took the conversation up again",
    },
    {
      request: { handledBy: "operator", assignee: "bo" },
      by: ada,
      content: "Ada handed the conversation to a person",
    },
    {
      before: taken,
      request: { handledBy: "operator" },
      by: ada,
      content: "Ada took over the conversation",
    },
    {
      before: taken,
      request: { handledBy: "bot" },
      by: ada,
      content: "Ada handed the conversation back to the bot",
    },
    {
      before: taken,
      request: { handledBy: "bot", status: "closed" },
      by: ada,
      content: "Ada handed the conversation back to the bot and closed it",
    },
    {
      before: taken,
      request: { assignee: "bo" },
      by: ada,
      content: "Ada assigned the conversation to a colleague",
    },
    {
      before: taken,
      request: { assignee: null, status: "pending" },
      content: "The team left the conversation to anybody of the team and marked it as pending",
    },
    { request: { status: "closed" }, by: ada, content: "Ada closed the conversation" },
    {
      before: { ...open, status: "closed" },
      request: { status: "open" },
      by: ada,
      content: "Ada opened the conversation again",
    },
  ])("$content", ({ before, request, by, content }) => {
    const change = changeConversation({ ...open, ...before }, request, by, LATER);
    expect(change?.content).toBe(content);
  });
});

test("whoever takes over has it, and the bot has it for nobody, unless it is said otherwise", () => {
  const assignee = (request: UpdateConversationRequest, before = open) =>
    changeConversation(before, request, ada, LATER)?.record.assignee;
  expect(assignee({ handledBy: "operator" })).toBe("ada");
  expect(assignee({ handledBy: "operator", assignee: null })).toBeNull();
  expect(assignee({ handledBy: "operator", assignee: "bo" })).toBe("bo");
  expect(assignee({ handledBy: "operator" }, taken)).toBe("ada");
  expect(assignee({ handledBy: "bot" }, taken)).toBeNull();
  expect(assignee({ handledBy: "bot", assignee: "bo" }, taken)).toBe("bo");
  expect(assignee({ status: "closed" }, taken)).toBe("anna");
});

test("a change is a new version; one that changes nothing is none", () => {
  const change = changeConversation(open, { status: "closed" }, undefined, LATER);
  expect(change?.record).toEqual({ ...open, status: "closed", version: 2, updatedAt: LATER });
  expect(change?.changed).toEqual(["status"]);
  for (const request of [
    { status: "open" },
    { handledBy: "bot" },
    { assignee: null },
    { status: "open", handledBy: "bot", assignee: null },
  ] as const) {
    expect(changeConversation(open, request, ada, LATER)).toBeUndefined();
  }
});

test("visitors do not read whose it is", () => {
  const change = changeConversation(open, { assignee: "secret-colleague" }, ada, LATER);
  if (change === undefined) throw new Error("nothing changed");
  expect(changeMetadata(change)).toEqual({
    conversation: { id: "conv", status: "open", handledBy: "bot" },
    changed: ["assignee"],
  });
  expect(change.content).not.toContain("secret-colleague");
});

test("a closed one is opened by a visitor's message, another one stays as it is", () => {
  const change = reopen({ ...taken, status: "closed" }, LATER);
  expect(change?.record).toEqual({ ...taken, status: "open", version: 2, updatedAt: LATER });
  expect(reopen(open, LATER)).toBeUndefined();
  expect(reopen({ ...open, status: "pending" }, LATER)).toBeUndefined();
});
