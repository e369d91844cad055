import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Conversation } from "../../src/protocol/conversation.ts";
import { message, session } from "./fake-environment.ts";
import { FakeServer, pass, Tab } from "./fake-tab.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

function listed(id: string, fields: Partial<Conversation> = {}): Conversation {
  return {
    id,
    status: "open",
    handledBy: "bot",
    createdAt: "2026-01-01T00:00:00.000Z",
    lastSeq: 0,
    unread: 0,
    ...fields,
  };
}

/** A tab of a session with the conversations C1 (the default) and C2, two messages each. */
async function talking(): Promise<{ readonly tab: Tab; readonly server: FakeServer }> {
  const server = new FakeServer();
  for (const conversationId of ["C1", "C2", "C1", "C2"]) {
    server.say({ conversationId });
  }
  const tab = new Tab(undefined, "S1");
  tab.conversations = [listed("C1", { lastSeq: 3 }), listed("C2", { lastSeq: 4, unread: 2 })];
  tab.connect(server);
  await pass();
  return { tab, server };
}

function unread({ state }: Tab): Record<string, number> {
  return Object.fromEntries(state.conversations.map(({ id, unread: count }) => [id, count]));
}

describe("conversations", () => {
  it("are shown one at a time, the default one first", async () => {
    const { tab } = await talking();
    expect(tab.state.conversationId).toBe("C1");
    expect(tab.contents).toEqual(["message 1", "message 3"]);
    tab.replica.showConversation("C2");
    expect(tab.state.conversationId).toBe("C2");
    expect(tab.contents).toEqual(["message 2", "message 4"]);
  });

  it("keep the objects of their messages, and the list for as long as nothing of it changes", async () => {
    const { tab, server } = await talking();
    const { messages } = tab.state;
    tab.hear({ type: "presence", presence: [] });
    expect(tab.state.messages).toBe(messages);
    server.say({ conversationId: "C1" });
    expect(tab.state.messages.slice(0, 2)).toEqual(messages);
    expect(tab.state.messages[0]).toBe(messages[0]);
    tab.replica.showConversation("C2");
    tab.replica.showConversation("C1");
    expect(tab.state.messages[0]).toBe(messages[0]);
  });

  it("get what is written while they are shown", async () => {
    const { tab, server } = await talking();
    tab.write("for the first");
    tab.replica.showConversation("C2");
    expect(tab.contents).not.toContain("for the first");
    tab.replica.setTyping(true);
    tab.write("for the second");
    await pass();
    expect(server.log.slice(-2)).toMatchObject([
      { content: "for the first", conversationId: "C1" },
      { content: "for the second", conversationId: "C2" },
    ]);
    expect(tab.frames).toContainEqual({ type: "typing", conversationId: "C2", active: true });
    expect(tab.contents.at(-1)).toBe("for the second");
  });

  it("have typists and read marks of their own", async () => {
    const { tab } = await talking();
    const typing = { type: "typing", connectionId: "K2", role: "operator", active: true } as const;
    tab.hear({ ...typing, conversationId: "C2" });
    tab.hear({ type: "read", conversationId: "C2", side: "team", seq: 4 });
    expect(tab.state).toMatchObject({ typing: [], readUpTo: { visitor: 0, team: 0 } });
    tab.replica.showConversation("C2");
    expect(tab.state.readUpTo).toEqual({ visitor: 0, team: 4 });
    tab.hear({ ...typing, conversationId: "C2" });
    expect(tab.state.typing).toHaveLength(1);
    tab.replica.markRead();
    tab.replica.markRead();
    tab.replica.showConversation("C1");
    expect(tab.state.typing).toEqual([]);
    tab.replica.markRead();
    expect(tab.frames.filter(({ type }) => type === "read")).toEqual([
      { type: "read", conversationId: "C2", seq: 4 },
      { type: "read", conversationId: "C1", seq: 3 },
    ]);
  });

  it("count what is unread from the server's number on", async () => {
    const { tab, server } = await talking();
    expect(unread(tab)).toEqual({ C1: 0, C2: 2 });
    server.say({ conversationId: "C2" });
    server.say({ conversationId: "C2", role: "user" });
    server.say({ conversationId: "C2" });
    expect(unread(tab)).toEqual({ C1: 0, C2: 4 });
    tab.hear({ type: "read", conversationId: "C2", side: "team", seq: 7 });
    expect(unread(tab)).toEqual({ C1: 0, C2: 4 });
    tab.hear({ type: "read", conversationId: "C2", side: "visitor", seq: 5 });
    expect(unread(tab)).toEqual({ C1: 0, C2: 1 });
    tab.hear({ type: "read", conversationId: "C2", side: "visitor", seq: 7 });
    expect(unread(tab)).toEqual({ C1: 0, C2: 0 });
  });

  it("do not count again what the server has counted", async () => {
    const { tab, server } = await talking();
    tab.conversations = [listed("C1"), listed("C2", { lastSeq: 6, unread: 4 }), listed("C3")];
    // Something new makes it ask, and its answer is ahead of the log.
    tab.hear({
      type: "messages",
      from: 4,
      to: 5,
      messages: [message(5, { conversationId: "C3" })],
    });
    await pass();
    server.say({ conversationId: "C3" });
    server.say({ conversationId: "C2" });
    expect(unread(tab)).toMatchObject({ C2: 4 });
  });

  it("follow what the log tells of them", async () => {
    const { tab, server } = await talking();
    const { conversation } = tab.state;
    server.say({
      conversationId: "C2",
      role: "system",
      metadata: { conversation: { id: "C2", status: "closed", handledBy: "operator" } },
    });
    expect(tab.state.conversations[1]).toMatchObject({ status: "closed", handledBy: "operator" });
    expect(tab.state.conversation).toBe(conversation);
    tab.replica.showConversation("C2");
    expect(tab.state.conversation).toEqual({ id: "C2", status: "closed", handledBy: "operator" });
  });

  it("are asked for again when one of them is new", async () => {
    const { tab, server } = await talking();
    tab.conversations = [...tab.conversations, listed("C3", { lastSeq: 5, unread: 1 })];
    server.say({ conversationId: "C1" });
    await pass();
    expect(tab.state.conversations).toHaveLength(2);
    server.say({ conversationId: "C3" });
    await pass();
    expect(tab.state.conversations).toHaveLength(3);
  });

  it("are asked for again when one began while they were asked for", async () => {
    const server = new FakeServer();
    server.say({ conversationId: "C1" });
    const tab = new Tab(undefined, "S1");
    tab.conversations = [listed("C1", { lastSeq: 1 })];
    tab.connect(server);
    // The answer is on its way, and knows of C1 alone.
    tab.conversations = [...tab.conversations, listed("C3", { lastSeq: 2, unread: 1 })];
    server.say({ conversationId: "C3" });
    await pass();
    expect(tab.state.conversations.map(({ id }) => id)).toEqual(["C1", "C3"]);
  });

  it("can be begun here", async () => {
    const { tab, server } = await talking();
    tab.replica.opened(listed("C3"));
    expect(tab.state).toMatchObject({ conversationId: "C3", messages: [] });
    expect(tab.state.conversations.map(({ id }) => id)).toEqual(["C1", "C2", "C3"]);
    tab.write("first");
    await pass();
    expect(server.log.at(-1)).toMatchObject({ content: "first", conversationId: "C3" });
  });

  it("are all of the log as long as nobody knows which is the default", () => {
    const tab = new Tab();
    tab.hear({ type: "messages", from: 0, to: 1, messages: [message(1)] });
    expect(tab.contents).toEqual(["message 1"]);
    tab.replica.adopt(session({ defaultConversationId: "C2" }));
    expect(tab.contents).toEqual([]);
  });
});
