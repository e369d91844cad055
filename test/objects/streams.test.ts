// An answer from its start to its end, on an object that stays awake and on one that is evicted between any two steps.
import { beforeAll, describe, expect, test } from "vitest";
import { newSession, newTeamKey } from "../support/api.ts";
import { RESIDENCIES, stepper } from "../support/eviction.ts";
import {
  BoundStream,
  bound,
  CalledMessage,
  codeOf,
  good,
  joins,
  messagesOf,
  newBoundTeam,
  reader,
  StreamedRequest,
  shownOn,
} from "../support/streaming.ts";

let teamId: string;
let key: string;

beforeAll(async () => {
  teamId = await newBoundTeam();
  key = await newTeamKey(teamId, ["messages:write"]);
});

describe("an answer that a request carries", () => {
  test("is shown as it comes, and is one message in the end", async () => {
    const chat = await newSession(teamId);
    const tab = await reader(chat);
    const request = new StreamedRequest(chat.session.id, key, {
      clientId: "answer",
      author: JSON.stringify({ name: "Lamp bot" }),
      metadata: JSON.stringify({ model: "m" }),
    });
    const { messageId, ...sign } = await tab.first("delta");
    expect(sign).toEqual({
      type: "delta",
      conversationId: chat.session.defaultConversationId,
      role: "assistant",
      author: { name: "Lamp bot" },
      offset: 0,
      text: "",
    });
    await request.write("We ship");
    await tab.until(() => shownOn(tab, messageId) === "We ship");
    await request.write(" to Norway.");
    await tab.until(() => shownOn(tab, messageId) === "We ship to Norway.");
    await request.end();
    const { status } = await request.response;
    const message = await request.message();
    expect(status).toBe(201);
    expect(message).toMatchObject({
      id: messageId,
      seq: 1,
      clientId: "answer",
      content: "We ship to Norway.",
      metadata: { model: "m" },
      author: { name: "Lamp bot" },
    });
    await tab.until(() => tab.messages.length === 1);
    expect(tab.messages).toEqual([message]);
    expect(joins(tab, messageId)).toBe(true);
    const again = new StreamedRequest(chat.session.id, key, { clientId: "answer" });
    expect((await again.response).status).toBe(200);
    expect(await again.message()).toEqual(message);
  });

  test("is stored as far as it came when its producer dies", async () => {
    const chat = await newSession(teamId);
    const tab = await reader(chat);
    const producer = new BoundStream(chat);
    await producer.write("We sh");
    const { messageId } = await tab.first("delta");
    await tab.until(() => shownOn(tab, messageId) === "We sh");
    await producer.breakOff();
    const { message } = await good(producer.result);
    expect(message).toMatchObject({
      id: messageId,
      content: "We sh",
      metadata: { incomplete: true },
    });
    await tab.until(() => tab.messages.length === 1);
    expect(tab.messages).toEqual([message]);
  });

  test("is discarded when its producer dies before the first word", async () => {
    const chat = await newSession(teamId);
    const tab = await reader(chat);
    const producer = new BoundStream(chat);
    const { messageId } = await tab.first("delta");
    await producer.breakOff();
    expect(await codeOf(producer.result)).toBe("stream_ended");
    expect(await tab.first("discarded")).toEqual({ type: "discarded", messageId });
    expect(await messagesOf(chat)).toEqual([]);
  });

  test("stops when a reader cancels it, and its request is answered at once", async () => {
    const chat = await newSession(teamId);
    const tab = await reader(chat);
    const request = new StreamedRequest(chat.session.id, key);
    await request.write("We ship to");
    const { messageId } = await tab.first("delta");
    await tab.until(() => shownOn(tab, messageId) === "We ship to");
    tab.send({ type: "cancel", messageId });
    // Nothing more is written: the answer does not wait for the body.
    const message = await request.message();
    expect(message).toMatchObject({
      content: "We ship to",
      metadata: { incomplete: true, cancelled: true },
    });
    await tab.until(() => tab.messages.length === 1);
    tab.send({ type: "cancel", messageId });
    expect(await tab.first("error")).toMatchObject({ code: "message_not_found" });
    expect(await messagesOf(chat)).toEqual([message]);
  });

  test("that is cancelled before its first word is refused", async () => {
    const chat = await newSession(teamId);
    const tab = await reader(chat);
    const request = new StreamedRequest(chat.session.id, key);
    const { messageId } = await tab.first("delta");
    tab.send({ type: "cancel", messageId });
    expect((await request.response).status).toBe(409);
    await tab.first("discarded");
    expect(await messagesOf(chat)).toEqual([]);
  });
});

describe.each(RESIDENCIES)("an answer that comes by calls, on an object that %s", (residency) => {
  const step = stepper(residency);

  test("begins once, takes each piece once, and ends once", async () => {
    const chat = await newSession(teamId);
    const { id } = chat.session;
    const start = () => bound("startMessage", id, { clientId: "answer", metadata: { a: 1 } });
    const { messageId } = (await good(start())) as { messageId: string };
    await step(id);
    expect(await start()).toEqual({ ok: true, messageId, length: 0 });
    const append = async (offset: number, text: string) => {
      const result = await bound("appendMessage", id, messageId, { offset, text });
      // What was said a second ago is stored.
      if (residency !== "stays awake") await scheduler.wait(1_050);
      await step(id);
      return result;
    };
    expect(await append(0, "We ship")).toEqual({ ok: true, length: 7 });
    expect(await append(0, "We ship")).toEqual({ ok: true, length: 7 });
    expect(await append(3, "ship to")).toEqual({ ok: true, length: 10 });
    expect(await append(10, "")).toEqual({ ok: true, length: 10 });
    expect(await append(11, "?")).toMatchObject({ ok: false, code: "stream_gap" });
    expect(await start()).toEqual({ ok: true, messageId, length: 10 });
    const finish = () =>
      good(bound<{ message: object }>("finishMessage", id, messageId, { metadata: { b: 2 } }));
    const { message } = await finish();
    expect(message).toMatchObject({
      id: messageId,
      content: "We ship to",
      metadata: { a: 1, b: 2 },
    });
    await step(id);
    expect((await finish()).message).toEqual(message);
    expect(await start()).toMatchObject({ ok: true, message });
    expect(await append(10, "more")).toEqual({ ok: false, code: "stream_ended" });
    expect(await messagesOf(chat)).toEqual([message]);
  });

  test("that a reader cancels is over for whoever writes it", async () => {
    const chat = await newSession(teamId);
    const tab = await reader(chat);
    const [spoken, silent] = [await CalledMessage.start(chat), await CalledMessage.start(chat)];
    await spoken.append("We ship");
    if (residency !== "stays awake") await scheduler.wait(1_050);
    await step(chat.session.id);
    for (const { messageId } of [spoken, silent]) tab.send({ type: "cancel", messageId });
    await tab.first("discarded");
    await step(chat.session.id);
    expect(await codeOf(spoken.appendAt(7, " to"))).toBe("stream_ended");
    expect(await codeOf(silent.appendAt(0, "Hello"))).toBe("stream_ended");
    expect(await codeOf(silent.finish())).toBe("stream_ended");
    expect(await good(spoken.finish())).toMatchObject({
      message: { content: "We ship", metadata: { incomplete: true, cancelled: true } },
    });
    expect(
      await codeOf(bound("appendMessage", chat.session.id, "msg_9_none", { offset: 0, text: "" })),
    ).toBe("message_not_found");
  });
});
