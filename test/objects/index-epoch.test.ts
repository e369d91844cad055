// An index that was emptied gets everything back: from each session when it next wakes in a higher epoch, or when it is asked.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { SessionObject } from "../../objects/session.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { alarmAt, runAlarms } from "../support/alarms.ts";
import { call, newSession, newTeam, newTeamKey, things } from "../support/api.ts";
import { HOUR_MS } from "../support/clock.ts";
import { evict } from "../support/eviction.ts";
import { breakIndex, indexCost } from "../support/index-database.ts";
import { objectOf } from "../support/object-of.ts";
import { indexAnswered, objectRowsWritten, tablesOf } from "../support/object-storage.ts";

const start = Date.UTC(2027, 3, 1);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
  for (const level of ["warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});
afterEach(() => {
  setEpoch(undefined);
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** As a deployment would: objects begin anew, with the variable as it is now. */
function setEpoch(epoch: number | undefined): void {
  Object.assign(env, { INDEX_EPOCH: epoch === undefined ? undefined : String(epoch) });
}

const rowsOf = async ({ session: { id } }: SessionWithToken) => {
  const [sessions, conversations, events, files] = await env.INDEX_DB.batch([
    env.INDEX_DB.prepare("SELECT * FROM sessions WHERE id = ?").bind(id),
    env.INDEX_DB.prepare("SELECT * FROM conversations WHERE session_id = ? ORDER BY id").bind(id),
    env.INDEX_DB.prepare("SELECT * FROM audit_events WHERE session_id = ? ORDER BY id").bind(id),
    env.INDEX_DB.prepare("SELECT * FROM files WHERE session_id = ? ORDER BY id").bind(id),
  ]);
  return {
    session: sessions?.results,
    conversations: conversations?.results,
    events: events?.results,
    files: files?.results,
  };
};

const NOTHING = { session: [], conversations: [], files: [] };

/** What D1 loses when it is lost; conversations go with their sessions. */
function emptySessions(teamId: string) {
  return env.INDEX_DB.batch([
    env.INDEX_DB.prepare("DELETE FROM sessions WHERE team_id = ?").bind(teamId),
  ]);
}

/** The team too, and what hangs on it; the sessions first. */
async function loseTeam(teamId: string): Promise<() => Promise<unknown>> {
  await emptySessions(teamId);
  const tables = ["audit_events", "team_keys", "team_origins", "team_counters"];
  const team = await env.INDEX_DB.prepare("SELECT * FROM teams WHERE id = ?").bind(teamId).first();
  await env.INDEX_DB.batch([
    ...tables.map((table) =>
      env.INDEX_DB.prepare(`DELETE FROM ${table} WHERE team_id = ?`).bind(teamId),
    ),
    env.INDEX_DB.prepare("DELETE FROM teams WHERE id = ?").bind(teamId),
  ]);
  const columns = Object.keys(team ?? {});
  return () =>
    env.INDEX_DB.prepare(
      `INSERT INTO teams (${columns}) VALUES (${columns.map(() => "?").join(", ")})`,
    )
      .bind(...Object.values(team ?? {}))
      .run();
}

async function openThread(chat: SessionWithToken): Promise<void> {
  const path = `/api/sessions/${chat.session.id}/conversations`;
  expect((await call(path, { bearer: chat.token, body: {} })).status).toBe(201);
  await indexAnswered(chat.session.id);
}

const get = (chat: SessionWithToken) =>
  call(`/api/sessions/${chat.session.id}`, { bearer: chat.token });

/** Asked by the address that Cloudflare lists, which names nobody. */
function reindex({ session: { id } }: SessionWithToken) {
  const hex = env.SESSIONS.idFromName(id).toString();
  const stub = env.SESSIONS.get(env.SESSIONS.idFromString(hex));
  return (stub as unknown as Pick<SessionObject, "reindex">).reindex();
}

const outboxOf = (chat: SessionWithToken) =>
  tablesOf(objectOf(chat.session.id), (table) => table === "index_outbox");

describe("in a higher epoch", () => {
  test.each(["call", "alarm"] as const)(
    "a session brings all of itself at its next %s",
    async (by) => {
      const teamId = await newTeam();
      const chat = await newSession(teamId, { body: { userFingerprint: "f" } });
      await openThread(chat);
      await things.file(chat);
      await indexAnswered(chat.session.id);
      const before = await rowsOf(chat);
      expect(before.conversations).toHaveLength(2);
      expect(before.files).toHaveLength(1);
      await emptySessions(teamId);
      expect(await rowsOf(chat)).toMatchObject(NOTHING);

      await evict(chat.session.id);
      await get(chat);
      expect(await rowsOf(chat)).toMatchObject(NOTHING);
      setEpoch(1);
      await evict(chat.session.id);
      if (by === "call") expect((await get(chat)).status).toBe(200);
      else await runDurableObjectAlarm(objectOf(chat.session.id));
      await indexAnswered(chat.session.id);
      expect(await rowsOf(chat)).toEqual(before);
    },
  );

  test("once: after that it costs nothing, and neither does one that was created in it", async () => {
    const teamId = await newTeam();
    const old = await newSession(teamId);
    setEpoch(1);
    const fresh = await newSession(teamId);
    await evict(old.session.id);
    await get(old);
    await indexAnswered(old.session.id);
    for (const chat of [old, fresh]) {
      await evict(chat.session.id);
      expect(await objectRowsWritten(chat.session.id, () => get(chat))).toBe(0);
      expect((await indexCost(() => get(chat))).rowsWritten).toBe(0);
    }
  });

  test("one that was never created stays so", async () => {
    setEpoch(1);
    const id = env.SESSIONS.newUniqueId();
    const stub = env.SESSIONS.get(id) as unknown as DurableObjectStub<SessionObject>;
    expect(await (stub as unknown as Pick<SessionObject, "reindex">).reindex()).toBe("absent");
    const tables = await runInDurableObject(env.SESSIONS.get(id), (_, { storage: { sql } }) =>
      sql.exec("SELECT name FROM sqlite_master").toArray(),
    );
    expect(tables).toEqual([]);
  });

  test("an outage is waited out, and an alarm that was lost is set again", async () => {
    const teamId = await newTeam();
    const chat = await newSession(teamId);
    await emptySessions(teamId);
    await runInDurableObject(objectOf(chat.session.id), (_, { storage }) => storage.deleteAlarm());
    setEpoch(1);
    await evict(chat.session.id);
    const heal = breakIndex();
    expect((await get(chat)).status).toBe(200);
    heal();
    expect(await alarmAt(chat.session.id)).not.toBeNull();
    await evict(chat.session.id);
    await runAlarms(chat.session.id, start + HOUR_MS);
    expect((await rowsOf(chat)).session).toHaveLength(1);
    expect(await outboxOf(chat)).not.toContain("whole");
  });

  test("what an index without the team refused is brought again at the next waking", async () => {
    const teamId = await newTeam();
    const chat = await newSession(teamId);
    const bringBack = await loseTeam(teamId);
    setEpoch(1);
    await evict(chat.session.id);
    await get(chat);
    await openThread(chat);
    expect(await outboxOf(chat)).toContain("FOREIGN KEY");

    await bringBack();
    await evict(chat.session.id);
    await get(chat);
    await indexAnswered(chat.session.id);
    const rows = await rowsOf(chat);
    expect(rows.session).toHaveLength(1);
    expect(rows.conversations).toHaveLength(2);
    expect(await outboxOf(chat)).not.toContain("FOREIGN KEY");
  });
});

describe("asked for it", () => {
  test("a session brings all of itself in any epoch, also what it was refused, by an address without a name", async () => {
    const teamId = await newTeam();
    const key = await newTeamKey(teamId);
    const chat = await newSession(teamId);
    await openThread(chat);
    const bringBack = await loseTeam(teamId);
    const path = `/api/sessions/${chat.session.id}`;
    expect((await call(path, { bearer: chat.token, method: "DELETE" })).status).toBe(204);
    await indexAnswered(chat.session.id);
    expect(await reindex(chat)).toBe("refused");
    expect((await rowsOf(chat)).session).toEqual([]);

    await bringBack();
    await evict(chat.session.id);
    expect(await reindex(chat)).toBe("projected");
    const rows = await rowsOf(chat);
    expect(rows.session).toMatchObject([{ status: "terminated", end_reason: "terminated" }]);
    expect(rows.conversations).toHaveLength(2);
    // The event of the end had been refused with it.
    expect(rows.events).toMatchObject([{ type: "session.terminated" }]);
    expect(await reindex(chat)).toBe("projected");
    expect(key).toBeTruthy();
  });

  test("one that the index fails says so, and goes on by itself", async () => {
    const teamId = await newTeam();
    const chat = await newSession(teamId);
    await emptySessions(teamId);
    const heal = breakIndex();
    expect(await reindex(chat)).toBe("waiting");
    heal();
    await runAlarms(chat.session.id, start + HOUR_MS);
    expect((await rowsOf(chat)).session).toHaveLength(1);
  });
});
