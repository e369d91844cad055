import { expect, test } from "vitest";
import { newConversation } from "../../src/domain/conversation-record.ts";
import { end } from "../../src/domain/session-state.ts";
import { endedCode, viewConversation, viewSession } from "../../src/domain/view.ts";
import { DAY_MS, LIFETIMES, NOW, record } from "./records.ts";

test("the owner and the team see all of a session", () => {
  const identified = record({ userId: "user-1", userFingerprint: "hash" });
  expect(viewSession(identified, LIFETIMES, 7, "full")).toEqual({
    id: "session",
    teamId: "team",
    status: "active",
    version: 1,
    userId: "user-1",
    deviceInfo: { browser: "Firefox" },
    locationInfo: { country: "DE" },
    createdAt: new Date(NOW).toISOString(),
    lastAccessed: new Date(NOW).toISOString(),
    expiresAt: new Date(NOW + 30 * DAY_MS).toISOString(),
    defaultConversationId: "conv_default",
    lastSeq: 7,
  });
});

test("a guest sees neither who the owner is nor with what nor where", () => {
  const seen = viewSession(record({ userId: "user-1" }), LIFETIMES, 7, "guest");
  expect(Object.keys(seen)).toEqual([
    "id",
    "teamId",
    "status",
    "version",
    "createdAt",
    "lastAccessed",
    "expiresAt",
    "defaultConversationId",
    "lastSeq",
  ]);
});

test("nobody sees the fingerprint, nor a user that is not known", () => {
  const seen = viewSession(record({ userFingerprint: "hash" }), LIFETIMES, 0, "full");
  expect(JSON.stringify(seen)).not.toContain("hash");
  expect(seen).not.toHaveProperty("userId");
});

test("an ended session tells why", () => {
  const terminated = end(record(), "terminated", NOW, NOW);
  expect(viewSession(terminated, LIFETIMES, 0, "guest")).toMatchObject({
    status: "terminated",
    endReason: "terminated",
    version: 2,
  });
  expect(viewSession(record(), LIFETIMES, 0, "full")).not.toHaveProperty("endReason");
  expect(endedCode("expired")).toBe("session_expired");
  expect(endedCode("terminated")).toBe("session_terminated");
});

test("a conversation shows what a side has yet to read, nothing where nothing was said", () => {
  const created = newConversation("conv", NOW);
  const createdAt = new Date(NOW).toISOString();
  const empty = { id: "conv", status: "open", handledBy: "bot", createdAt, lastSeq: 0, unread: 0 };
  expect(viewConversation(created, "visitor")).toEqual(empty);
  expect(viewConversation(created, "visitor", { lastSeq: 7, unread: 2 })).toEqual({
    ...empty,
    lastSeq: 7,
    unread: 2,
  });
});

test("whom a conversation is assigned to is the team's own business", () => {
  const assigned = { ...newConversation("conv", NOW), assignee: "ada" };
  expect(viewConversation(assigned, "team")).toHaveProperty("assignee", "ada");
  expect(viewConversation(assigned, "visitor")).not.toHaveProperty("assignee");
});
