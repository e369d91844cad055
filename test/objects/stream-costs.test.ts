/** What a streamed answer costs in rows, the object's and D1's. The bounds are the product's promise. */
import { beforeAll, expect, test } from "vitest";
import { newSession } from "../support/api.ts";
import { indexCost } from "../support/index-database.ts";
import { objectRowsWritten } from "../support/object-storage.ts";
import { TestSocket } from "../support/socket.ts";
import { BoundStream, CalledMessage, good, newBoundTeam } from "../support/streaming.ts";

/** 25 tokens a second, as a model speaks. */
const TOKEN_MS = 40;

let teamId: string;

beforeAll(async () => {
  teamId = await newBoundTeam();
});

test.each([
  { tokens: 500, source: "body" as const },
  { tokens: 100, source: "calls" as const },
])(
  "an answer of $tokens tokens by $source writes a row a second, and few besides",
  { timeout: 60_000 },
  async ({ tokens, source }) => {
    const chat = await newSession(teamId);
    const tab = await TestSocket.open(chat.session, chat.ticket);
    await tab.first("synced");
    const began = Date.now();
    let objectRows = 0;
    const index = await indexCost(async () => {
      objectRows = await objectRowsWritten(chat.session.id, async () => {
        const body = source === "body" ? new BoundStream(chat) : undefined;
        const calls = body === undefined ? await CalledMessage.start(chat) : undefined;
        for (let token = 0; token < tokens; token++) {
          await body?.write(`t${token} `);
          await calls?.append(`t${token} `);
          await scheduler.wait(TOKEN_MS);
        }
        await body?.end();
        await good<object>(body?.result ?? (calls as CalledMessage).finish());
        await tab.until(() => tab.messages.length === 1);
      });
    });
    const seconds = (Date.now() - began) / 1000;
    // The answer's row and its end, the message and its index entry, one alarm.
    expect(objectRows).toBeLessThanOrEqual(5 + seconds);
    expect(objectRows).toBeGreaterThan(5);
    if (seconds < 30) expect(objectRows).toBeLessThanOrEqual(40);
    expect(index.rowsWritten).toBe(0);
  },
);

test("one that is said at once writes its row and its end, the message, its index entry and an alarm", async () => {
  const chat = await newSession(teamId);
  const index = await indexCost(async () => {
    const objectRows = await objectRowsWritten(chat.session.id, async () => {
      const answer = await CalledMessage.start(chat);
      await answer.append("Hello");
      await good(answer.finish());
    });
    expect(objectRows).toBe(5);
  });
  expect(index.rowsWritten).toBe(0);
});

test("nothing that is not said is written", async () => {
  const chat = await newSession(teamId);
  const answer = await CalledMessage.start(chat);
  const objectRows = await objectRowsWritten(chat.session.id, async () => {
    for (let second = 0; second < 3; second++) {
      await answer.append("");
      await scheduler.wait(1_050);
    }
  });
  expect(objectRows).toBe(0);
});
