import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createStreamedAnswers } from "../../client/core/streamed-answers.ts";
import type { Conversation } from "../../src/protocol/conversation.ts";
import type { DeltaFrame, DownFrame } from "../../src/protocol/frames.ts";
import type { FakeTab } from "./fake-client.ts";
import { connectingTab, contents, settle, sync, syncedTab } from "./fake-client.ts";
import { message, messages, welcome } from "./fake-environment.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function delta(offset: number, text: string, messageId = "A"): DeltaFrame {
  return { type: "delta", messageId, conversationId: "C1", role: "assistant", offset, text };
}

function logged(seq: number, id: string, content: string): DownFrame {
  return { type: "messages", from: seq - 1, to: seq, messages: [message(seq, { id, content })] };
}

/** What is being written, as it is shown. */
function streaming({ client }: FakeTab): string[] {
  return client
    .getState()
    .messages.filter((shown) => shown.streaming)
    .map(({ content }) => content);
}

describe("an answer that is being written", () => {
  it("is there before its first word, and grows", async () => {
    const tab = await syncedTab(1, messages(0, 1));
    const { socket } = tab.environment;
    socket.down(delta(0, ""));
    expect(tab.client.getState().messages.at(-1)).toMatchObject({
      key: "A",
      seq: undefined,
      role: "assistant",
      content: "",
      streaming: true,
    });
    socket.down(delta(0, "Yes,"), delta(4, " we"), delta(7, " do"));
    expect(contents(tab)).toEqual(["message 1", "Yes, we do"]);
  });

  it("takes neither a gap nor a repeat, and goes on from the next text so far", async () => {
    const tab = await syncedTab();
    const { socket } = tab.environment;
    socket.down(delta(5, "lost"));
    expect(streaming(tab)).toEqual([]);
    socket.down(delta(0, "one"), delta(7, "three"), delta(0, "one"), delta(1, "n"));
    expect(streaming(tab)).toEqual(["one"]);
    socket.down(delta(0, "one two three"), delta(13, "!"));
    expect(streaming(tab)).toEqual(["one two three!"]);
  });

  it("becomes the log's message in the same place and under the same key", async () => {
    const tab = await syncedTab();
    tab.environment.socket.down(delta(0, "half"), logged(1, "A", "half and half"));
    expect(tab.client.getState().messages).toMatchObject([
      { key: "A", seq: 1, content: "half and half", streaming: false },
    ]);
  });

  it("keeps its key even where it looks like a message of this side", async () => {
    const tab = await syncedTab();
    const { socket } = tab.environment;
    socket.down({ ...delta(0, "half"), role: "user" });
    const whole = message(1, { id: "A", role: "user", clientId: "theirs", content: "half" });
    socket.down({ type: "messages", from: 0, to: 1, messages: [whole] });
    expect(tab.client.getState().messages).toMatchObject([{ key: "A", seq: 1 }]);
  });

  it("is gone when it ended before its first word", async () => {
    const tab = await syncedTab();
    tab.environment.socket.down(delta(0, ""), { type: "discarded", messageId: "A" });
    expect(contents(tab)).toEqual([]);
  });

  it("is told anew to a new connection, or not at all when it ended meanwhile", async () => {
    const tab = await syncedTab();
    tab.environment.socket.down(delta(0, "a", "A"), delta(0, "b", "B"));
    tab.environment.socket.close(1006);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(streaming(tab)).toEqual(["a", "b"]);
    sync(tab.environment.socket, 1, logged(1, "A", "a."));
    tab.environment.socket.down(delta(0, "bb", "B"));
    expect(contents(tab)).toEqual(["a.", "bb"]);
    expect(streaming(tab)).toEqual(["bb"]);
  });

  it("stands after what its reader writes meanwhile, and before what was refused", async () => {
    const tab = await syncedTab();
    const { socket } = tab.environment;
    const { clientId: refused } = tab.client.send("refused");
    socket.down({ type: "error", code: "quota_exceeded", clientId: refused }, delta(0, "so"));
    expect(contents(tab)).toEqual(["so", "refused"]);
    tab.client.retry(refused);
    expect(contents(tab)).toEqual(["refused", "so"]);
  });

  it("leaves the objects of others as they are", async () => {
    const tab = await syncedTab(1, messages(0, 1));
    tab.environment.socket.down(delta(0, "a", "A"), delta(0, "b", "B"));
    const [first, a] = tab.client.getState().messages;
    tab.environment.socket.down(delta(1, "c", "B"));
    expect(tab.client.getState().messages[0]).toBe(first);
    expect(tab.client.getState().messages[1]).toBe(a);
  });

  it("can be stopped", async () => {
    const tab = await syncedTab();
    tab.environment.socket.down(delta(0, "so"));
    tab.client.cancel("A");
    expect(tab.environment.socket.frames).toContainEqual({ type: "cancel", messageId: "A" });
  });

  it("is over with its session", async () => {
    const tab = await syncedTab();
    const terminated = welcome({ status: "terminated", version: 2 });
    tab.environment.socket.down(delta(0, "so"), {
      type: "session",
      session: (terminated as Extract<DownFrame, { type: "welcome" }>).session,
    });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(streaming(tab)).toEqual([]);
  });
});

describe("pieces of an answer", () => {
  it("make up its text, wherever a reader comes in and whatever is repeated or lost", () => {
    const piece = fc.record({
      text: fc.string({ minLength: 1, maxLength: 5 }),
      lost: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(piece), fc.boolean(), (pieces, repeats) => {
        const answers = createStreamedAnswers();
        let text = "";
        for (const { text: more, lost } of pieces) {
          const frame = delta(text.length, more);
          text += more;
          if (!lost) {
            answers.delta(frame, 0);
          }
          if (repeats && !lost) {
            answers.delta(frame, 0);
          }
          expect(text.startsWith(answers.running[0]?.content ?? "")).toBe(true);
        }
        answers.delta(delta(0, text), 0);
        expect(answers.running[0]?.content).toBe(text);
      }),
    );
  });
});

describe("a message that the team took back", () => {
  it("leaves its place", async () => {
    const tab = await syncedTab(2, messages(0, 2));
    const [first] = tab.client.getState().messages;
    tab.environment.socket.down({ type: "redacted", messageId: "M2", seq: 2 });
    expect(tab.client.getState().messages).toMatchObject([
      { content: "message 1", redacted: false },
      { key: "M2", seq: 2, content: "", redacted: true },
    ]);
    expect(tab.client.getState().messages[0]).toBe(first);
    tab.environment.socket.down({ type: "redacted", messageId: "M9", seq: 9 });
    expect(tab.client.getState().messages).toHaveLength(2);
  });
});

describe("who answers", () => {
  const listed: Conversation = {
    id: "C1",
    status: "open",
    handledBy: "bot",
    createdAt: "2026-01-01T00:00:00.000Z",
    lastSeq: 0,
    unread: 0,
  };

  function change(seq: number, conversation: object): DownFrame {
    const told = message(seq, { role: "system", metadata: { conversation: { ...conversation } } });
    return { type: "messages", from: seq - 1, to: seq, messages: [told] };
  }

  it("is asked once, and told by the log from then on", async () => {
    const tab = await connectingTab();
    tab.environment.conversations = [listed];
    expect(tab.client.getState().conversation).toBeUndefined();
    sync(tab.environment.socket, 0);
    await settle();
    expect(tab.client.getState().conversation).toMatchObject({ handledBy: "bot", status: "open" });
    tab.environment.socket.down(change(1, { id: "C1", status: "open", handledBy: "operator" }));
    expect(tab.client.getState().conversation).toMatchObject({ handledBy: "operator" });
    tab.environment.socket.down(change(2, { id: "C2", status: "closed", handledBy: "bot" }));
    tab.environment.socket.down(change(3, { id: "C1", handledBy: "somebody" }));
    expect(tab.client.getState().conversation).toMatchObject({ handledBy: "operator" });
  });

  it("is not unsaid by an answer that is older than the log", async () => {
    const tab = await connectingTab();
    tab.environment.conversations = [listed];
    const told = change(1, { id: "C1", status: "open", handledBy: "operator" });
    sync(tab.environment.socket, 1, told);
    await settle();
    expect(tab.client.getState().conversation).toMatchObject({ handledBy: "operator" });
  });

  it("is asked again by the next connection when it could not be had", async () => {
    const tab = await connectingTab();
    tab.environment.conversations = "down";
    sync(tab.environment.socket, 0);
    await settle();
    tab.environment.conversations = [listed];
    tab.environment.socket.close(1006);
    await vi.advanceTimersByTimeAsync(10_000);
    sync(tab.environment.socket, 0);
    await settle();
    expect(tab.client.getState().conversation).toMatchObject({ handledBy: "bot" });
  });
});
