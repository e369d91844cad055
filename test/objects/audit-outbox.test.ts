/** Events reach the audit trail by the outbox: kept with the change that they tell of, delivered until they have landed. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EventStore } from "../../objects/event-store.ts";
import { FileStore } from "../../objects/file-store.ts";
import { IndexProjector } from "../../objects/index-projector.ts";
import type { LiveSession } from "../../objects/live-session.ts";
import { OutboxStore } from "../../objects/outbox-store.ts";
import { SessionStore } from "../../objects/store.ts";
import { Troubles } from "../../objects/troubles.ts";
import type { NewAuditEvent } from "../../src/session-index/audit.ts";
import { alarmAt, runAlarms } from "../support/alarms.ts";
import { call, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { HOUR_MS, moveClock } from "../support/clock.ts";
import { evict, RESIDENCIES, stepper } from "../support/eviction.ts";
import { breakIndex, holdIndex, indexCost } from "../support/index-database.ts";
import { objectOf } from "../support/object-of.ts";
import { indexAnswered } from "../support/object-storage.ts";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const REVOKED: NewAuditEvent = {
  type: "credential.revoked",
  actor: { kind: "credential", id: "abc" },
  details: { credentialId: "def" },
};

/** A projector over the object's own store, as its session has one; what it does is all in storage. */
async function record(id: string, events: readonly NewAuditEvent[]): Promise<void> {
  await runInDurableObject(objectOf(id), (_, ctx) => {
    const { storage } = ctx;
    const store = new SessionStore(storage);
    const stored = store.open();
    if (stored === undefined) throw new Error("no session");
    const source: Pick<LiveSession["state"], "stored" | "indexed"> = { stored, indexed() {} };
    const projector = new IndexProjector({
      env,
      store,
      outbox: new OutboxStore(storage.sql),
      events: new EventStore(storage.sql),
      files: new FileStore(storage.sql),
      source,
      troubles: new Troubles(ctx, env),
    });
    store.transaction(() => {
      for (const event of events) projector.record(event, Date.now());
    });
    void storage.setAlarm(Date.now() + 1);
  });
  // What the awake object remembers of its outbox is from before.
  await evict(id);
}

async function indexedEvents(sessionId: string) {
  const { results } = await env.INDEX_DB.prepare(
    "SELECT * FROM audit_events WHERE session_id = ? ORDER BY at, type",
  )
    .bind(sessionId)
    .all();
  return results;
}

function outbox(id: string) {
  return runInDurableObject(objectOf(id), (_, { storage: { sql } }) =>
    sql.exec("SELECT entity, attempts, failure FROM index_outbox ORDER BY entity").toArray(),
  );
}

describe("a creation", () => {
  test("by a visitor names the credential that it made", async () => {
    const { session, token } = await newSession(await newTeam());
    expect(await indexedEvents(session.id)).toEqual([
      {
        id: expect.stringMatching(/^evt_[A-Za-z0-9_-]{16}$/),
        team_id: session.teamId,
        session_id: session.id,
        type: "session.created",
        at: Date.parse(session.createdAt),
        actor_kind: "credential",
        actor_id: token.split(".")[1],
        details: null,
      },
    ]);
  });

  test("by a team names its key", async () => {
    const teamId = await newTeam();
    const key = await newTeamKey(teamId);
    const { session } = await newSession(teamId, { bearer: key });
    expect(await indexedEvents(session.id)).toMatchObject([
      { actor_kind: "team", actor_id: key.split("_")[1] },
    ]);
  });

  test("asked for again under its idempotency key is told of once", async () => {
    const teamId = await newTeam();
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    const { session } = await newSession(teamId, { headers });
    expect((await newSession(teamId, { headers })).session.id).toBe(session.id);
    expect(await indexedEvents(session.id)).toHaveLength(1);
  });
});

describe.each(RESIDENCIES)("an object that %s", (residency) => {
  const step = stepper(residency);

  test("keeps its events through an outage and delivers each once", async () => {
    const teamId = await newTeam();
    await newSession(teamId);
    const heal = breakIndex();
    const { session } = await newSession(teamId);
    await record(session.id, [REVOKED]);
    for (let round = 0; round < 3; round++) {
      await step(session.id);
      await runDurableObjectAlarm(objectOf(session.id));
    }
    heal();
    expect(await indexedEvents(session.id)).toEqual([]);
    expect(await outbox(session.id)).toHaveLength(4);
    await step(session.id);
    await runAlarms(session.id, Date.now() + HOUR_MS);
    expect(await outbox(session.id)).toEqual([]);
    expect(await indexedEvents(session.id)).toMatchObject([
      { type: "session.created" },
      { type: "credential.revoked", actor_id: "abc", details: '{"credentialId":"def"}' },
    ]);
  });
});

test("an event that is delivered again is there once, and costs nothing", async () => {
  const { session } = await newSession(await newTeam());
  await record(session.id, [REVOKED]);
  const entries = await runInDurableObject(objectOf(session.id), (_, { storage: { sql } }) =>
    sql.exec("SELECT * FROM index_outbox").toArray(),
  );
  await runDurableObjectAlarm(objectOf(session.id));
  const before = await indexedEvents(session.id);
  expect(before).toHaveLength(2);
  // As after a crash between the index's answer and the note of it.
  await runInDurableObject(objectOf(session.id), (_, { storage }) => {
    for (const { entity, due_at, attempts, payload } of entries) {
      const row = [entity, due_at, attempts, payload];
      storage.sql.exec("INSERT INTO index_outbox VALUES (?1, ?4, ?2, ?3, NULL)", ...row);
    }
    void storage.setAlarm(Date.now() + 1);
  });
  await evict(session.id);
  const { rowsWritten } = await indexCost(() => runDurableObjectAlarm(objectOf(session.id)));
  expect(rowsWritten).toBe(0);
  expect(await indexedEvents(session.id)).toEqual(before);
  expect(await outbox(session.id)).toEqual([]);
});

test("what piled up in an outage lands in batches that D1 takes", async () => {
  const { session } = await newSession(await newTeam());
  await record(
    session.id,
    Array.from({ length: 450 }, () => REVOKED),
  );
  const sizes: number[] = [];
  const database = Object.getPrototypeOf(env.INDEX_DB) as D1Database;
  const { batch } = database;
  vi.spyOn(database, "batch").mockImplementation(function <T>(
    this: D1Database,
    statements: D1PreparedStatement[],
  ) {
    sizes.push(statements.length);
    return batch.call(this, statements) as Promise<D1Result<T>[]>;
  });
  await runDurableObjectAlarm(objectOf(session.id));
  expect(sizes).toEqual([17, 17, 5]);
  expect(await indexedEvents(session.id)).toHaveLength(451);
});

test("events that are on their way while the session ends all land", async () => {
  const { session, token } = await newSession(await newTeam());
  await record(session.id, [REVOKED]);
  const { reached, release } = holdIndex();
  const alarm = runDurableObjectAlarm(objectOf(session.id));
  await reached;
  const ended = call(`/api/sessions/${session.id}`, { method: "DELETE", bearer: token });
  await scheduler.wait(20);
  release();
  expect([await alarm, (await ended).status]).toEqual([true, 204]);
  await indexAnswered(session.id);
  expect(await outbox(session.id)).toEqual([]);
  const types = (await indexedEvents(session.id)).map(({ type }) => type);
  expect(types).toEqual(expect.arrayContaining(["session.created", "credential.revoked"]));
});

test("an event whose session can never be indexed lands without it", async () => {
  const { session } = await newSession(await newTeam());
  await runInDurableObject(objectOf(session.id), (_, { storage: { sql } }) => {
    sql.exec("UPDATE session SET status = 'terminated', version = 2");
    sql.exec("INSERT INTO index_outbox VALUES ('session', NULL, ?, 0, NULL)", Date.now());
  });
  await record(session.id, [REVOKED]);
  await runDurableObjectAlarm(objectOf(session.id));
  expect(await indexedEvents(session.id)).toHaveLength(2);
  expect(await outbox(session.id)).toEqual([
    { entity: "session", attempts: 1, failure: expect.stringContaining("sessions_end") },
  ]);
  expect(await alarmAt(session.id)).toBeNull();
});

test("an event of a team that is gone becomes a dead letter", async () => {
  const { session } = await newSession(await newTeam());
  await runInDurableObject(objectOf(session.id), (_, { storage: { sql } }) => {
    sql.exec("UPDATE session SET team_id = 'gone'");
  });
  await evict(session.id);
  await record(session.id, [REVOKED]);
  moveClock(2);
  await runDurableObjectAlarm(objectOf(session.id));
  expect(await outbox(session.id)).toMatchObject([
    { attempts: 1, failure: expect.stringContaining("FOREIGN KEY") },
  ]);
});
