/** Ten thousand messages: archived, read and taken out a little at a time. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { MessagePage, SessionWithToken } from "../../src/protocol/rest.ts";
import type { ExportLine } from "../../src/protocol/transcript.ts";
import { runAlarms } from "../support/alarms.ts";
import { call, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { DAY_MS } from "../support/clock.ts";
import { evict } from "../support/eviction.ts";
import { objectOf } from "../support/object-of.ts";

const start = Date.UTC(2027, 7, 1);
const MESSAGES = 10_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
});
afterEach(() => {
  vi.useRealTimers();
});

/** As many messages as if they had been sent, of noise that does not compress: the transcript is more than one part. */
async function fill({ session }: SessionWithToken): Promise<void> {
  await runInDurableObject(objectOf(session.id), (_, { storage }) => {
    storage.transactionSync(() => {
      let totalBytes = 0;
      for (let seq = 1; seq <= MESSAGES; seq++) {
        const content = crypto.getRandomValues(new Uint8Array(1_000)).toBase64();
        totalBytes += content.length + 200;
        storage.sql.exec(
          `INSERT INTO messages (seq, id, side, client_id, conversation_id, role, content, created_at, slides, total_bytes)
           VALUES (?, ?, 'visitor', ?, ?, 'user', ?, ?, 1, ?)`,
          seq,
          `msg_${seq}_AAAAAAAA`,
          `message-${seq}`,
          session.defaultConversationId,
          content,
          start,
          totalBytes,
        );
      }
    });
  });
  await evict(session.id);
}

test("a log of ten thousand messages comes out as it went in", async () => {
  const teamId = await newTeam();
  const key = await newTeamKey(teamId);
  const chat = await newSession(teamId);
  await fill(chat);
  const path = `/api/sessions/${chat.session.id}`;
  const page = async (query: string): Promise<MessagePage> =>
    await (await call(`${path}/messages?${query}`, { bearer: key })).json();
  await call(path, { method: "DELETE", bearer: chat.token });
  const queries = ["after=0", "after=9990", "limit=200", "before=5000&limit=3"];
  const before = await Promise.all(queries.map(page));
  await runAlarms(chat.session.id, start + 7 * DAY_MS);
  expect(
    (await env.BUCKET.list({ prefix: `transcripts/${chat.session.id}` })).objects[0]?.size,
  ).toBeGreaterThan(8 * 1024 * 1024);
  expect(await Promise.all(queries.map(page))).toEqual(before);
  const exported = await call(`${path}/export`, { bearer: key });
  expect(exported.status).toBe(200);
  const text = new TextDecoder().decode(await exported.arrayBuffer());
  const lines = text.trimEnd().split("\n");
  const messages = lines
    .map((line) => JSON.parse(line) as ExportLine)
    .flatMap((line) => (line.type === "message" ? [line.message.seq] : []));
  expect(messages).toEqual(Array.from({ length: MESSAGES }, (_, index) => index + 1));
  expect(JSON.parse(lines.at(-1) ?? "")).toEqual({ type: "end", messages: MESSAGES });
}, 120_000);
