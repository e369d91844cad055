import { describe, expect, it } from "vitest";
import type { ConversationState } from "../../../client/core/index.ts";
import {
  conversationActions,
  countLabel,
  handlingLabel,
  visitorName,
} from "../../../client/pages/dashboard/labels.ts";

function state(fields: Partial<ConversationState>): ConversationState {
  return { id: "C1", status: "open", handledBy: "bot", ...fields };
}

function actions(fields: Partial<ConversationState>): string[] {
  return conversationActions(state(fields)).map(({ text }) => text);
}

describe("what an operator can do", () => {
  it("goes by who answers", () => {
    expect(conversationActions(undefined)).toEqual([]);
    expect(actions({})).toEqual(["Take over", "Close"]);
    expect(actions({ handledBy: "operator" })).toEqual(["Hand back to the bot", "Close"]);
    expect(actions({ handledBy: "operator", status: "pending" })).toEqual([
      "Take over",
      "Hand back to the bot",
      "Close",
    ]);
    expect(actions({ status: "closed" })).toEqual(["Take over", "Open again"]);
  });
});

describe("what an operator is told", () => {
  it.each<[string, Partial<ConversationState>]>([
    ["The bot answers", {}],
    ["The team answers", { handledBy: "operator" }],
    ["A person is waited for", { handledBy: "operator", status: "pending" }],
    ["Closed", { handledBy: "operator", status: "closed" }],
  ])("%j", (label, fields) => {
    expect(handlingLabel(state(fields))).toBe(label);
  });

  it("names a visitor as far as it is known", () => {
    const unknown = { locationInfo: {} };
    expect(visitorName(unknown)).toBe("Visitor");
    expect(visitorName({ ...unknown, locationInfo: { city: "Oslo", country: "NO" } })).toBe(
      "Visitor from Oslo, Norway",
    );
    expect(visitorName({ ...unknown, userId: "ana" })).toBe("ana");
  });
});

describe("how many chats there are", () => {
  it("is said only where the list has them all", () => {
    expect(countLabel(undefined)).toBe("Loading…");
    expect(countLabel({ sessions: [] })).toBe("0 active chats");
    expect(countLabel({ sessions: [1] })).toBe("1 active chat");
    expect(countLabel({ sessions: [1, 2], nextCursor: "next" })).toBe("The 2 latest active chats");
  });
});
