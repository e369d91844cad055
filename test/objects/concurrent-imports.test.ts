/** Several tabs find the same old chats and all bring them along: each message is stored once, each chat in its order. */
import { beforeAll, expect, test } from "vitest";
import type { ImportAnswer } from "../../src/protocol/import.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { newSession, newTeam } from "../support/api.ts";
import { evict } from "../support/eviction.ts";
import { importInto, logOf, oldConversation } from "../support/history.ts";
import { indexCost } from "../support/index-database.ts";
import { indexAnswered, objectRowsWritten } from "../support/object-storage.ts";
import { seededRandom } from "../support/random.ts";

const RUNS = 50;
const TABS = 5;
const OLD = ["a", "b", "c"].map((id) => oldConversation(id, 0, 200));
const TOTAL = OLD.reduce((sum, { messages }) => sum + messages.length, 0);

let teamId: string;
let chat: SessionWithToken;

beforeAll(async () => {
  teamId = await newTeam();
});

/** Imports all of it in batches of this tab's own size, one after the other. */
async function upgrade(batch: number): Promise<ImportAnswer> {
  const sum = { imported: 0, skipped: 0 };
  for (const { id, messages } of OLD) {
    for (let from = 0; from < messages.length; from += batch) {
      const part = { id, messages: messages.slice(from, from + batch) };
      const { imported, skipped } = await importInto(chat, part);
      sum.imported += imported;
      sum.skipped += skipped;
    }
  }
  return sum;
}

test(`${TABS} tabs at once, ${RUNS} times: ${TOTAL} messages, once, each conversation in its order`, {
  timeout: 120_000,
}, async () => {
  for (let run = 0; run < RUNS; run++) {
    const random = seededRandom(run);
    chat = await newSession(teamId);
    const tabs = Array.from({ length: TABS }, () => upgrade(40 + Math.floor(random() * 161)));
    if (run % 2 === 0) await evict(chat.session.id);
    const answers = await Promise.all(tabs);
    const imported = answers.reduce((sum, answer) => sum + answer.imported, 0);
    const skipped = answers.reduce((sum, answer) => sum + answer.skipped, 0);
    expect([imported, skipped], `run ${run}`).toEqual([TOTAL, (TABS - 1) * TOTAL]);
    const log = await logOf(chat);
    const threads = Map.groupBy(log, ({ conversationId }) => conversationId);
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
    expect([...threads.values()].map((thread) => thread.map(({ content }) => content))).toEqual(
      OLD.map(({ messages }) => messages.map(({ content }) => content)),
    );
    expect(threads.has(chat.session.defaultConversationId)).toBe(true);
  }
});

test("a message is two rows of its object, and none of the index; what was imported before is none", async () => {
  chat = await newSession(teamId);
  const costOf = async (...parts: readonly (typeof OLD)[number][]) => {
    let objectRows = 0;
    const { rowsWritten: indexRows } = await indexCost(async () => {
      objectRows = await objectRowsWritten(chat.session.id, async () => {
        await importInto(chat, ...parts);
        await indexAnswered(chat.session.id);
      });
    });
    return { objectRows, indexRows };
  };
  const costBeside = async (messages: number, ...parts: readonly (typeof OLD)[number][]) => {
    const { objectRows, indexRows } = await costOf(...parts);
    expect(objectRows).toBeGreaterThanOrEqual(2 * messages);
    return { beside: objectRows - 2 * messages, indexRows };
  };
  // A row of the limiter's for each call, and the first time its alarm; what the default conversation was called before.
  const first = await costBeside(100, oldConversation("a", 0, 100));
  expect(first.beside).toBeLessThanOrEqual(3);
  expect(first.indexRows).toBe(0);
  const second = await costBeside(100, oldConversation("a", 100, 200));
  expect(second.beside).toBeLessThanOrEqual(1);
  expect(second.indexRows).toBe(0);
  // A conversation, and the word of it to the index, sent and heard.
  const opened = await costBeside(200, oldConversation("b", 0, 200));
  expect(opened.beside).toBeLessThanOrEqual(5);
  expect(opened.indexRows).toBeLessThanOrEqual(4);
  const again = await costOf(oldConversation("a", 0, 100), oldConversation("b", 0, 100));
  expect(again).toEqual({ objectRows: 1, indexRows: 0 });
});
