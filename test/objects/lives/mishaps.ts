// What happens to sessions without anybody's asking: alarms, late, twice or never; evictions; the cleanup; time.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { sessionStub } from "../../../src/operations/session-access.ts";
import { triggerManualCleanup } from "../../../src/worker.ts";
import { alarmAt } from "../../support/alarms.ts";
import { evict } from "../../support/eviction.ts";
import { killObject, objectOf } from "../../support/object-of.ts";
import type { SessionModel } from "./model.ts";
import type { World } from "./world.ts";

/** Runs the alarm now, if one is set. One whose object dies is run again by the platform, some time. */
export async function runAlarm(world: World, { id }: SessionModel): Promise<void> {
  try {
    await runDurableObjectAlarm(objectOf(id));
  } catch (error) {
    if (!world.mayFail) throw error;
    await retryLater(world, id);
  }
}

async function retryLater(world: World, id: string): Promise<void> {
  const retry = () =>
    runInDurableObject(objectOf(id), (_, { storage }) => storage.setAlarm(Date.now() + 1));
  for (let tries = 0; tries < MANY; tries++) {
    const isSet = await unlessItFails(world, async () => {
      await retry();
      return true;
    });
    if (isSet === true) return;
  }
}

/** As the platform may: a second time, while nothing is set. */
export async function runAlarmAgain(world: World, { id }: SessionModel): Promise<void> {
  await unlessItFails(world, () => runInDurableObject(objectOf(id), (object) => object.alarm?.()));
}

/**
 * The alarm failed too often, and is gone; so is the object's memory of it. Not in the middle of a purge: of what the
 * index was rid of already, nobody would know any more for longer than it remembers that.
 */
export async function loseAlarm(world: World, chat: SessionModel): Promise<void> {
  if (!world.isCleanedUp || chat.mayBeGone(Date.now())) return;
  const { id } = chat;
  const lose = () => runInDurableObject(objectOf(id), (_, { storage }) => storage.deleteAlarm());
  await unlessItFails(world, lose);
  await killObject(id);
}

async function unlessItFails<T>(world: World, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (!world.mayFail) throw error;
    return undefined;
  }
}

/** Nothing of the session is in memory any more. An object in the middle of something is not evicted; it can only die. */
export async function forget(world: World, { id }: SessionModel, closes: boolean): Promise<void> {
  if (world.mayFail) await killObject(id);
  else await evict(id, closes ? "close" : "hibernate");
}

/** One run of the cleanup; whether there is more to do. */
export async function cleanUp(world: World): Promise<boolean> {
  if (!world.isCleanedUp) return false;
  const done = await unlessItFails(world, () => triggerManualCleanup(env));
  return done?.more ?? true;
}

/** What the administrator has a session do whose row the index lost. */
export async function reindex(world: World, { id }: SessionModel): Promise<void> {
  await unlessItFails(world, () => sessionStub(env, id).reindex());
}

/** More than there is to do for one life. */
const MANY = 20;

/**
 * Nothing fails any more, and all has happened that alarms and the cleanup do of themselves.
 * @param laterMs time goes by first
 * @returns when it began: what was due by then is done
 */
export async function comeToRest(world: World, laterMs: number): Promise<number> {
  await world.step("rest", () => world.faults.calm());
  world.history.push("  those that nobody knows of");
  await world.adopt();
  vi.setSystemTime(Date.now() + laterMs);
  const begun = Date.now();
  for (const chat of world.sessions) await findLost(world, chat);
  await runDue(world);
  await cleanUpAll(world);
  // Longer than any of them waits for its next attempt.
  vi.setSystemTime(Date.now() + REST_MS);
  await runDue(world);
  for (const { id } of world.sessions) await told(id);
  return begun;
}

/** Longest backoff, and how long an empty session is kept. */
const REST_MS = 3 * 3_600_000;

async function runDue(world: World): Promise<void> {
  for (const chat of world.sessions) {
    world.history.push(`  alarms of ${chat.id}`);
    let runs = 0;
    for (let at = await alarmAt(chat.id); at !== null && at <= Date.now(); ) {
      expect(runs++, "an alarm that comes back at once").toBeLessThan(MANY);
      await runAlarm(world, chat);
      at = await alarmAt(chat.id);
      // It may have been set to the next moment.
      if (at !== null && at === Date.now() + 1) vi.setSystemTime(at);
    }
  }
}

async function cleanUpAll(world: World): Promise<void> {
  if (!world.isCleanedUp) return;
  world.history.push("  cleanup");
  for (let runs = 0; await cleanUp(world); runs++) {
    expect(runs, "a cleanup that is never through").toBeLessThan(MANY);
  }
}

/** Without an alarm, a session that the index never heard of is found by the list of all objects alone. */
async function findLost(world: World, chat: SessionModel): Promise<void> {
  if ((await alarmAt(chat.id)) !== null) return;
  const row = await env.INDEX_DB.prepare("SELECT 1 FROM sessions WHERE id = ?")
    .bind(chat.id)
    .first();
  if (row === null) await reindex(world, chat);
}

/** An object writes down what the index answered behind its own answer. Entries that were tried in vain stay. */
async function told(sessionId: string): Promise<void> {
  const waiting = () =>
    runInDurableObject(objectOf(sessionId), (_, { storage: { sql } }) => {
      const tables = "SELECT 1 FROM sqlite_master WHERE name = 'index_outbox'";
      if (sql.exec(tables).toArray().length === 0) return false;
      return sql.exec("SELECT 1 FROM index_outbox WHERE attempts = 0").toArray().length > 0;
    });
  for (let looks = 0; looks < LOOKS && (await waiting()); looks++) await scheduler.wait(5);
}

const LOOKS = 200;
