/** Several tabs find the same old chats and all bring them along: each message is stored once, each chat in its order. */
import { beforeAll, expect, test } from "vitest";
import type { ImportAnswer, ImportedConversation } from "../../src/protocol/import.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { newSession, newTeam } from "../support/api.ts";
import { evict } from "../support/eviction.ts";
import { importInto, logOf, oldConversation, sendImport } from "../support/history.ts";
import { indexCost } from "../support/index-database.ts";
import { killObject } from "../support/object-of.ts";
import { indexAnswered, objectRowsWritten } from "../support/object-storage.ts";
import { refusal } from "../support/problem.ts";
import { seededRandom } from "../support/random.ts";

const RUNS = 50;
const KILLED_RUNS = 20;
const TABS = 5;
const OLD = ["a", "b", "c"].map((id) => oldConversation(id, 0, 200));
const TOTAL = OLD.reduce((sum, { messages }) => sum + messages.length, 0);

let teamId: string;
let chat: SessionWithToken;

beforeAll(async () => {
  teamId = await newTeam();
});

/** Imports all of it in batches of this tab's own size, one after the other, each until it is answered. */
async function upgrade(batch: number): Promise<ImportAnswer> {
  const sum = { imported: 0, skipped: 0 };
  for (const { id, messages } of OLD) {
    for (let from = 0; from < messages.length; from += batch) {
      const { imported, skipped } = await untilAnswered({
        id,
        messages: messages.slice(from, from + batch),
      });
      sum.imported += imported;
      sum.skipped += skipped;
    }
  }
  return sum;
}

async function untilAnswered(part: ImportedConversation): Promise<ImportAnswer> {
  for (;;) {
    const response = await sendImport(chat, [part]);
    if (response.ok) return await response.json();
    expect(await refusal(response)).toBe("503 unavailable");
  }
}

/** The tabs of a run, each with batches of another size. */
function openTabs(random: () => number): readonly Promise<ImportAnswer>[] {
  return Array.from({ length: TABS }, () => upgrade(40 + Math.floor(random() * 161)));
}

async function expectOnceInOrder(): Promise<void> {
  const log = await logOf(chat);
  const threads = Map.groupBy(log, ({ conversationId }) => conversationId);
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
  expect([...threads.values()].map((thread) => thread.map(({ content }) => content))).toEqual(
    OLD.map(({ messages }) => messages.map(({ content }) => content)),
  );
  expect(threads.has(chat.session.defaultConversationId)).toBe(true);
}

test(`${TABS} tabs at once, ${RUNS} times: ${TOTAL} messages, once, each conversation in its order`, {
  timeout: 120_000,
}, async () => {
  for (let run = 0; run < RUNS; run++) {
    chat = await newSession(teamId);
    const tabs = openTabs(seededRandom(run));
    if (run % 2 === 0) await evict(chat.session.id);
    const answers = await Promise.all(tabs);
    const imported = answers.reduce((sum, answer) => sum + answer.imported, 0);
    const skipped = answers.reduce((sum, answer) => sum + answer.skipped, 0);
    expect([imported, skipped], `run ${run}`).toEqual([TOTAL, (TABS - 1) * TOTAL]);
    await expectOnceInOrder();
  }
});

test("the same while the object is killed at random", { timeout: 240_000 }, async () => {
  for (let run = 0; run < KILLED_RUNS; run++) {
    const random = seededRandom(run);
    chat = await newSession(teamId);
    let open = true;
    const tabs = Promise.all(openTabs(random)).finally(() => {
      open = false;
    });
    for (let kills = 0; open && kills < 3; kills++) {
      await scheduler.wait(random() * 30);
      await killObject(chat.session.id);
    }
    await tabs;
    await expectOnceInOrder();
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
  // One row counts the call, the first time with an alarm; one is what the default conversation was called before.
  expect(await costOf(oldConversation("a", 0, 100))).toEqual({ objectRows: 203, indexRows: 0 });
  expect(await costOf(oldConversation("a", 100, 200))).toEqual({ objectRows: 201, indexRows: 0 });
  // A conversation, and the word of it to the index, sent and heard.
  expect(await costOf(oldConversation("b", 0, 200))).toEqual({ objectRows: 405, indexRows: 1 });
  expect(await costOf(oldConversation("a", 0, 100), oldConversation("b", 0, 100))).toEqual({
    objectRows: 1,
    indexRows: 0,
  });
});
