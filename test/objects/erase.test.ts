/** What is erased is gone from everywhere, at once, and all that is left is a line that says so. */
import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fileKey, transcriptKey } from "../../src/bucket/keys.ts";
import type { EraseReceipt } from "../../src/protocol/lifecycle.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { teamsDatabase } from "../../src/session-index/databases.ts";
import { claimRestoredEvents, hashedSessionId } from "../../src/session-index/restored-events.ts";
import { saveSweepPosition, sweepPosition } from "../../src/session-index/sweeps.ts";
import { alarmAt, runAlarms } from "../support/alarms.ts";
import { call, newSession, newTeam, things } from "../support/api.ts";
import { breakBucket, bucketText } from "../support/bucket.ts";
import { beginAt, DAY_MS, MINUTE_MS } from "../support/clock.ts";
import { evict } from "../support/eviction.ts";
import { breakIndex, indexText } from "../support/index-database.ts";
import { personOf, type TeamThings } from "../support/named-things.ts";
import { indexAnswered, tablesOf } from "../support/object-storage.ts";
import { refusal } from "../support/problem.ts";
import { newHearingTeam } from "../support/receiver.ts";
import { TestSocket } from "../support/socket.ts";

const start = Date.UTC(2027, 4, 1);
const WORDS = "what nobody is ever to know again";

let team: TeamThings;
let chat: SessionWithToken;
let restore: (() => void) | undefined;

beforeEach(async () => {
  beginAt(start);
  team = await things.team(await newTeam());
  chat = await newSession(team.teamId, { body: { userFingerprint: "of-a-device" } });
});
afterEach(() => {
  restore?.();
  restore = undefined;
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const path = () => `/api/sessions/${chat.session.id}`;
const erase = (bearer: string) => call(`${path()}?erase=true`, { method: "DELETE", bearer });

async function erased(bearer: string): Promise<EraseReceipt> {
  const response = await erase(bearer);
  expect(response.status).toBe(200);
  return await response.json();
}

/** All that is stored anywhere, as text: D1, the bucket, and every object of both kinds, the platform's own tables too. */
async function everything(): Promise<string> {
  const objects = await Promise.all(
    [env.SESSIONS, env.LIMITERS].map(async (namespace) => {
      const ids = await listDurableObjectIds(namespace);
      return await Promise.all(
        ids.map(async (id) => {
          const stub = namespace.get(id);
          const keys = await runInDurableObject(stub, (_, { storage }) =>
            JSON.stringify([...storage.kv.list()]),
          );
          return `${await tablesOf(stub, () => true)}\n${keys}`;
        }),
      );
    }),
  );
  return [await indexText(() => true), await bucketText(), ...objects.flat()].join("\n");
}

/** Lines with the session in it, or its person, or what was said. */
async function traces(): Promise<string[]> {
  const { id, defaultConversationId } = chat.session;
  const sought = [id, personOf(id), WORDS, defaultConversationId];
  return (await everything())
    .split("\n")
    .filter((line) => sought.some((one) => line.includes(one)));
}

async function counters() {
  return await env.INDEX_DB.prepare("SELECT * FROM team_counters WHERE team_id = ?")
    .bind(team.teamId)
    .first();
}

const SITUATIONS: Readonly<Record<string, () => Promise<string>>> = {
  active: async () => chat.token,
  identified: () => things.identify(team, chat),
  "ended by its owner": async () => {
    await call(path(), { method: "DELETE", bearer: chat.token });
    return chat.token;
  },
  archived: async () => {
    await call(path(), { method: "DELETE", bearer: chat.token });
    await runAlarms(chat.session.id, start + 10 * DAY_MS);
    expect(await bucketText(transcriptKey(chat.session.id))).toContain(WORDS);
    return chat.token;
  },
};

describe.each(Object.keys(SITUATIONS))("a session that is %s", (situation) => {
  test.each(["its owner", "its team"])("leaves nothing when %s erases it", async (who) => {
    await things.message(chat, WORDS);
    await env.BUCKET.put(fileKey(chat.session.id, "file_1"), WORDS);
    await things.guest(chat, "reader");
    const token = (await SITUATIONS[situation]?.()) ?? "";
    await indexAnswered(chat.session.id);
    expect((await traces()).length).toBeGreaterThan(3);

    const receipt = await erased(who === "its owner" ? token : team.teamKey);

    expect(receipt).toMatchObject({
      sessionId: chat.session.id,
      removed: { conversations: 1, messages: 1, files: 0, bytes: 0 },
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const left = await traces();
    expect(left).toEqual([expect.stringContaining("session.erased")]);
    expect(left[0]).toContain(receipt.checksum);
    expect(left[0]).not.toContain(personOf(chat.session.id));
    expect(await alarmAt(chat.session.id)).toBeNull();
    await evict(chat.session.id);
    expect(await refusal(await erase(token))).toBe("401 invalid_credential");
    expect(await refusal(await erase(team.teamKey))).toBe("404 session_not_found");
    const isOurs = situation === "active" || situation === "identified";
    expect(await counters()).toMatchObject({
      total: 0,
      purged_total: 1,
      purged_erased: isOurs ? 1 : 0,
      purged_terminated: isOurs ? 0 : 1,
    });
  });
});

test("what was restored of it from a backup goes with it, and is claimed by nobody who comes late", async () => {
  const hash = await hashedSessionId(chat.session.id);
  const restored = env.INDEX_DB.prepare(
    "INSERT INTO audit_events (team_id, at, id, session_id, type, actor_kind) VALUES (?, ?, ?, ?, 'session.created', 'team')",
  );
  await restored.bind(team.teamId, start, "evt_restored", hash).run();
  await erased(chat.token);
  expect(await indexText(() => true)).not.toContain(hash);
  await restored.bind(team.teamId, start, "evt_late", hash).run();
  await claimRestoredEvents(teamsDatabase(env), { id: chat.session.id, userId: null });
  expect(await traces()).toEqual([expect.stringContaining("session.erased")]);
});

test("a cleanup that had come as far as it goes on without its id", async () => {
  const { id } = chat.session;
  const at = JSON.stringify({ teamId: team.teamId, at: start, id });
  const positions = { sessions: id, "to-purge": at, "bucket/files/": fileKey(id, "file_1") };
  for (const [name, position] of Object.entries(positions)) {
    await saveSweepPosition(teamsDatabase(env), name, position, start);
  }
  await saveSweepPosition(teamsDatabase(env), "conversations", "another", start);
  await erased(chat.token);
  expect(await traces()).toEqual([expect.stringContaining("session.erased")]);
  expect(await sweepPosition(teamsDatabase(env), "conversations")).toBe("another");
});

test("a token whose secret is old erases nothing while a newer one can be had", async () => {
  vi.setSystemTime(start + 11 * MINUTE_MS);
  expect(await refusal(await erase(chat.token))).toBe("403 fresh_credential_needed");
  const refreshed = await call(`${path()}/refresh`, {
    bearer: chat.token,
    body: { rotate: true },
  });
  const { token } = await refreshed.json<{ token: string }>();
  expect((await erase(token)).status).toBe(200);
});

test("sockets are closed with their last word, and nobody gets in again", async () => {
  const socket = await TestSocket.open(chat.session, chat.ticket);
  await socket.first("synced");
  await erased(chat.token);
  expect(await socket.closed()).toBe(4410);
  expect(socket.all("session").at(-1)?.session).toMatchObject({ endReason: "erased" });
});

describe.each([
  ["the bucket", () => breakBucket()],
  ["the index", () => breakIndex()],
] as const)("while %s is down", (_, breakIt) => {
  test("it is closed at once, and gone when that is back: by the alarm", async () => {
    await things.message(chat, WORDS);
    restore = breakIt();
    const refused = await erase(chat.token);
    expect(refused.status).toBe(503);
    expect(refused.headers.get("Retry-After")).not.toBeNull();
    const get = () => call(path(), { bearer: chat.token });
    if (_ === "the bucket") expect(await refusal(await get())).toBe("401 invalid_credential");
    await evict(chat.session.id);
    restore();
    await runAlarms(chat.session.id, start + 10 * MINUTE_MS);
    expect(await traces()).toEqual([expect.stringContaining("session.erased")]);
  });

  test("or by whoever asks again, who is told what was removed", async () => {
    await things.message(chat, WORDS);
    restore = breakIt();
    expect((await erase(chat.token)).status).toBe(503);
    restore();
    // Longer than a secret is fresh.
    vi.setSystemTime(start + 11 * MINUTE_MS);
    expect((await erased(chat.token)).removed.messages).toBe(1);
    expect(await traces()).toEqual([expect.stringContaining("session.erased")]);
  });
});

test("two who erase at once are told the same", async () => {
  await things.message(chat, WORDS);
  const [one, other] = await Promise.all([erased(chat.token), erased(team.teamKey)]);
  expect(one).toEqual(other);
});

test("the key that it was created with makes no other in its place", async () => {
  const headers = { "Idempotency-Key": crypto.randomUUID().replaceAll("-", "") };
  chat = await newSession(team.teamId, { headers });
  await erased(chat.token);
  const again = () => call("/api/sessions/create", { body: { teamId: team.teamId }, headers });
  expect(await refusal(await again())).toBe("409 idempotency_key_expired");
  await evict(chat.session.id);
  expect(await refusal(await again())).toBe("409 idempotency_key_expired");
  expect(await traces()).toEqual([expect.stringContaining("session.erased")]);
});

test("a webhook that answers hears of the end, one that does not is not waited for", async () => {
  const hearing = await newHearingTeam();
  chat = await newSession(hearing.teamId);
  await erased(chat.token);
  const types = (await hearing.receiver.events()).map(({ type }) => type);
  expect(types).toEqual(["session.created", "session.ended"]);
  chat = await newSession(hearing.teamId);
  await hearing.receiver.answer({ always: { status: 200, hangs: true } });
  await things.message(chat, WORDS);
  await erased(chat.token);
  expect(await traces()).toEqual([expect.stringContaining("session.erased")]);
  await hearing.receiver.answer({ release: true, always: { status: 200 } });
  await scheduler.wait(50);
  expect(await traces()).toEqual([expect.stringContaining("session.erased")]);
  expect(await alarmAt(chat.session.id)).toBeNull();
});
