// What readers see of an answer while it is written: without gap or repeat, whenever they come, and few frames of it.
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { DELTAS_PER_SECOND, MAX_FRAME_BYTES } from "../../src/protocol/limits.ts";
import { newSession, newTeamKey } from "../support/api.ts";
import { abort } from "../support/eviction.ts";
import { TestSocket } from "../support/socket.ts";
import {
  BoundStream,
  CalledMessage,
  good,
  joins,
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

const PIECES = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.string({ unit: fc.constantFrom("a", "é", "😀", "\ud83d", "\ude00") }),
    },
    // A reader comes.
    { weight: 2, arbitrary: fc.constant("join" as const).map((join) => ({ join })) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 120 }).map((waitMs) => ({ waitMs })) },
  ),
  { maxLength: 24 },
);

test("whenever readers come, their deltas make up the text", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(PIECES, async (steps) => {
      const chat = await newSession(teamId);
      const tabs = [await reader(chat)];
      const answer = await CalledMessage.start(chat);
      const expectPrefixes = () => {
        for (const tab of tabs) {
          const shown = shownOn(tab, answer.messageId) ?? "";
          expect(answer.text.toWellFormed().startsWith(shown)).toBe(true);
          expect(shown.isWellFormed()).toBe(true);
          expect(joins(tab, answer.messageId)).toBe(true);
        }
      };
      for (const step of steps) {
        if (typeof step === "string") await answer.append(step);
        else if ("join" in step) tabs.push(await reader(chat));
        else await scheduler.wait(step.waitMs);
        expectPrefixes();
      }
      const whole = answer.text.replace(/[\ud800-\udbff]$/, "").toWellFormed();
      await Promise.all(
        tabs.map((tab) => tab.until(() => shownOn(tab, answer.messageId) === whole)),
      );
      expectPrefixes();
      const finished = await answer.finish();
      expect(finished.ok).toBe(answer.text !== "");
      for (const tab of tabs) {
        await tab.until(() => tab.messages.length + tab.all("discarded").length > 0);
        expect(tab.messages.map(({ content }) => content).join()).toBe(answer.text.toWellFormed());
        tab.close();
      }
    }),
    { numRuns: 25 },
  );
});

test("5,000 words at once are few frames, and one message", async () => {
  const chat = await newSession(teamId);
  const tab = await reader(chat);
  const began = Date.now();
  const producer = new BoundStream(chat);
  for (let word = 0; word < 5_000; word++) {
    await producer.write(`w${word} `);
    if (word % 10 === 0) await scheduler.wait(1);
  }
  await producer.end();
  const { message } = await good(producer.result);
  await tab.until(() => tab.messages.length === 1);
  const seconds = (Date.now() - began) / 1000;
  const expected = Array.from({ length: 5_000 }, (_, word) => `w${word} `).join("");
  expect(message.content).toBe(expected);
  const deltas = tab.all("delta");
  expect(joins(tab, message.id)).toBe(true);
  expect(deltas.length).toBeGreaterThan(1);
  expect(deltas.length).toBeLessThanOrEqual(seconds * DELTAS_PER_SECOND + 1);
});

test("twenty answers share the frames of a second, each in its turn", async () => {
  const chat = await newSession(teamId);
  const tab = await reader(chat);
  const began = Date.now();
  const answers = await Promise.all(Array.from({ length: 20 }, () => CalledMessage.start(chat)));
  for (let piece = 0; piece < 3; piece++) {
    await Promise.all(answers.map((answer) => answer.append(`piece ${piece} `)));
  }
  await Promise.all(
    answers.map((answer) => tab.until(() => shownOn(tab, answer.messageId) === answer.text)),
  );
  const seconds = (Date.now() - began) / 1000;
  const deltas = tab.all("delta");
  expect(deltas.length).toBeLessThanOrEqual(seconds * DELTAS_PER_SECOND + 1);
  // Nobody came twice before everybody had come.
  const firstRound = deltas.slice(0, answers.length).map(({ messageId }) => messageId);
  expect(new Set(firstRound).size).toBe(answers.length);
});

test("the longest text of escapes fits one frame for whoever comes late", async () => {
  const chat = await newSession(teamId);
  const request = new StreamedRequest(chat.session.id, key);
  await request.write("\u0001".repeat(8_000));
  const first = await reader(chat);
  const { messageId } = await first.first("delta");
  await first.until(() => shownOn(first, messageId)?.length === 8_000);
  const late = await reader(chat);
  await late.first("delta");
  for (const delta of late.all("delta")) {
    expect(JSON.stringify(delta).length).toBeLessThan(MAX_FRAME_BYTES);
  }
  expect(shownOn(late, messageId)?.length).toBe(8_000);
  await request.end();
  await request.response;
});

test("a reader whose history is not through gets none before it is", async () => {
  const chat = await newSession(teamId);
  for (let index = 0; index < 3; index++) {
    const before = await CalledMessage.start(chat);
    await before.append("x".repeat(30_000));
    await good(before.finish());
  }
  const slow = await TestSocket.open(chat.session, chat.ticket, { acknowledges: false });
  await slow.first("messages");
  const answer = await CalledMessage.start(chat);
  await answer.append("Hello");
  const live = await reader(chat, "?tail=0");
  await live.until(() => shownOn(live, answer.messageId) === "Hello");
  expect(slow.all("delta")).toEqual([]);
  while (slow.all("synced").length === 0) {
    const frames = slow.all("messages").length;
    slow.send({ type: "received", seq: slow.messages.at(-1)?.seq ?? 0 });
    await slow.until(() => slow.all("messages").length > frames || slow.all("synced").length > 0);
  }
  await slow.first("delta");
  expect(slow.frames.findIndex(({ type }) => type === "delta")).toBeGreaterThan(
    slow.frames.findIndex(({ type }) => type === "synced"),
  );
  expect(shownOn(slow, answer.messageId)).toBe("Hello");
});

test("after a restart all tabs agree, on what was stored and what comes then", async () => {
  const chat = await newSession(teamId);
  const before = await reader(chat);
  const answer = await CalledMessage.start(chat);
  await answer.append("stored ");
  await scheduler.wait(1_100);
  await answer.append("shown only ");
  await before.until(() => shownOn(before, answer.messageId) === answer.text);
  await abort(chat.session.id);
  const tabs = [await reader(chat), await reader(chat)];
  for (const tab of tabs) {
    await tab.first("delta");
    expect(shownOn(tab, answer.messageId)).toBe("stored ");
  }
  // The producer is told that some is gone, and where to go on.
  expect(await answer.appendAt(answer.text.length, "more")).toMatchObject({ code: "stream_gap" });
  await good(answer.appendAt(7, "said again"));
  await Promise.all(
    tabs.map((tab) => tab.until(() => shownOn(tab, answer.messageId) === "stored said again")),
  );
  await good(answer.finish());
});
