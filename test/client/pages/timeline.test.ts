import { describe, expect, it } from "vitest";
import type { ChatMessage } from "../../../client/core/index.ts";
import { timeline } from "../../../client/pages/chat/timeline.ts";

const MINUTE_MS = 60_000;
/** Noon in the time zone of whoever runs this, away from any day's edge. */
const NOON = new Date(2026, 0, 15, 12).getTime();

let count = 0;

function message(fields: Partial<ChatMessage> = {}): ChatMessage {
  count += 1;
  return {
    key: `K${count}`,
    seq: count,
    conversationId: "C1",
    role: "assistant",
    author: undefined,
    content: "text",
    attachments: [],
    imported: false,
    createdAt: NOON,
    delivery: "sent",
    streaming: false,
    redacted: false,
    metadata: undefined,
    failure: undefined,
    ...fields,
  };
}

/** `|` for a day, and for each message whether it begins (`<`) and ends (`>`) a group. */
function shape(messages: readonly ChatMessage[]): string {
  return timeline(messages, "user")
    .map((item) =>
      item.kind === "day" ? "|" : `${item.startsGroup ? "<" : ""}m${item.endsGroup ? ">" : ""}`,
    )
    .join(" ");
}

describe("timeline", () => {
  it("is empty without messages", () => {
    expect(timeline([], "user")).toEqual([]);
  });

  it("groups what one writer says in one go", () => {
    expect(shape([message(), message(), message()])).toBe("| <m m m>");
  });

  it("begins a group with another writer, after a while, and on another day", () => {
    const ana = { id: "1", name: "Ana" };
    const ben = { id: "2", name: "Ben" };
    expect(shape([message(), message({ role: "user" }), message()])).toBe("| <m> <m> <m>");
    expect(
      shape([
        message({ role: "operator", author: ana }),
        message({ role: "operator", author: { ...ana } }),
        message({ role: "operator", author: ben }),
      ]),
    ).toBe("| <m m> <m>");
    expect(
      shape([
        message(),
        message({ createdAt: NOON + 4 * MINUTE_MS }),
        message({ createdAt: NOON + 9 * MINUTE_MS }),
      ]),
    ).toBe("| <m m> <m>");
    const lateEvening = new Date(2026, 0, 15, 23, 59).getTime();
    expect(
      shape([
        message({ createdAt: lateEvening }),
        message({ createdAt: lateEvening + 2 * MINUTE_MS }),
      ]),
    ).toBe("| <m> | <m>");
  });

  it("sets apart what was not sent: its line of explanation would split the group", () => {
    const own = { role: "user" } as const;
    expect(
      shape([
        message(own),
        message({ ...own, delivery: "sending" }),
        message({ ...own, delivery: "failed" }),
        message({ ...own, delivery: "failed" }),
      ]),
    ).toBe("| <m m> <m> <m>");
  });

  it("sets apart what was brought along: its mark is at the end of a group", () => {
    expect(
      shape([message({ imported: true }), message({ imported: true }), message(), message()]),
    ).toBe("| <m m> <m m>");
    expect(shape([message(), message({ imported: true })])).toBe("| <m> <m>");
  });

  it("has no two items of one key", () => {
    const items = timeline(
      [message(), message({ createdAt: NOON + 86_400_000 }), message()],
      "user",
    );
    expect(new Set(items.map(({ key }) => key)).size).toBe(items.length);
  });

  it("tells the delivery of the newest own message and of those that did not go as they should", () => {
    const own = { role: "user" } as const;
    const messages = [
      message(own),
      message({ ...own, delivery: "failed" }),
      message(own),
      message(),
      message({ ...own, delivery: "sending" }),
    ];
    const told = timeline(messages, "user").flatMap((item) =>
      item.kind === "message" && item.showsDelivery ? [messages.indexOf(item.message)] : [],
    );
    expect(told).toEqual([1, 2, 4]);
  });
});
