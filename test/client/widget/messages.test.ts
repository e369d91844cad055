import { describe, expect, it } from "vitest";
import type { MessageToFrame, MessageToHost } from "../../../client/widget/messages.ts";
import { envelope, readByFrame, readByHost } from "../../../client/widget/messages.ts";

const TO_HOST: readonly MessageToHost[] = [
  { type: "ready" },
  { type: "close" },
  { type: "identity", id: 3 },
  { type: "event", event: { name: "unread", detail: 2 } },
  { type: "event", event: { name: "message", detail: { role: "assistant", seq: 7 } } },
  { type: "event", event: { name: "session", detail: { sessionId: "s", status: "active" } } },
  {
    type: "event",
    event: { name: "session", detail: { sessionId: undefined, status: "creating" } },
  },
  { type: "event", event: { name: "error", detail: { code: "rate_limited" } } },
];

const TO_FRAME: readonly MessageToFrame[] = [
  { type: "shown", shown: true },
  { type: "identify" },
  { type: "identity", id: 3, token: "t" },
  { type: "identity", id: 3, token: undefined },
];

const NOBODYS: readonly unknown[] = [
  undefined,
  null,
  "ready",
  7,
  [],
  ["ready"],
  {},
  { type: "ready" },
  { type: "shown", shown: true },
  { durableSessions: 2, type: "ready" },
  { durableSessions: "1", type: "identify" },
  { durableSessions: 1 },
  { durableSessions: 1, type: "open" },
  { durableSessions: 1, type: "constructor" },
  { durableSessions: 1, type: ["ready"] },
];

describe("the host's page", () => {
  it.each(TO_HOST)("takes %j", (message) => {
    expect(readByHost(structuredClone(envelope(message)))).toEqual(message);
  });

  it.each([
    ...NOBODYS,
    ...TO_FRAME.filter(({ type }) => type !== "identity").map(envelope),
    { durableSessions: 1, type: "identity" },
    { durableSessions: 1, type: "identity", id: "3" },
    { durableSessions: 1, type: "event" },
    { durableSessions: 1, type: "event", event: null },
    { durableSessions: 1, type: "event", event: { name: "ready" } },
    { durableSessions: 1, type: "event", event: { name: "unread", detail: "<b>" } },
    { durableSessions: 1, type: "event", event: { name: "unread" } },
    { durableSessions: 1, type: "event", event: { name: "message", detail: null } },
    { durableSessions: 1, type: "event", event: { name: "message", detail: { role: 1, seq: 1 } } },
    { durableSessions: 1, type: "event", event: { name: "session", detail: { sessionId: 5 } } },
    { durableSessions: 1, type: "event", event: { name: "error", detail: {} } },
  ])("takes no %j", (data) => {
    expect(readByHost(data)).toBeUndefined();
  });

  it("passes nothing on that it does not know", () => {
    const detail = { role: "user", seq: 1, content: "a secret" };
    const data = { durableSessions: 1, type: "event", event: { name: "message", detail, more: 1 } };
    expect(readByHost(data)).toEqual({
      type: "event",
      event: { name: "message", detail: { role: "user", seq: 1 } },
    });
  });
});

describe("the frame", () => {
  it.each(TO_FRAME)("takes %j", (message) => {
    expect(readByFrame(structuredClone(envelope(message)))).toEqual(message);
  });

  it.each([
    ...NOBODYS,
    ...TO_HOST.filter(({ type }) => type !== "identity").map(envelope),
    { durableSessions: 1, type: "shown" },
    { durableSessions: 1, type: "shown", shown: 1 },
    { durableSessions: 1, type: "identity", token: "t" },
    { durableSessions: 1, type: "identity", id: 3, token: { length: 3 } },
  ])("takes no %j", (data) => {
    expect(readByFrame(data)).toBeUndefined();
  });
});
