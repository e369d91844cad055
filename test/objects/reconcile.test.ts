// Sessions whose alarm was lost: the cleanup ends them, as their objects see it.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cleanUp } from "../../src/operations/cleanup/clean-up.ts";
import { call, newSession, newTeam } from "../support/api.ts";
import { DAY_MS, HOUR_MS } from "../support/clock.ts";
import { evict } from "../support/eviction.ts";
import { objectOf } from "../support/object-of.ts";

const start = Date.UTC(2027, 5, 1);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
});
afterEach(() => {
  vi.useRealTimers();
});

async function loseAlarm(id: string): Promise<void> {
  await runInDurableObject(objectOf(id), (_, { storage }) => storage.deleteAlarm());
  await evict(id);
}

function indexed(id: string) {
  return env.INDEX_DB.prepare("SELECT status, end_reason FROM sessions WHERE id = ?")
    .bind(id)
    .first();
}

test("overdue sessions end, and the index hears of it; others are left alone", async () => {
  const teamId = await newTeam();
  const overdue = await Promise.all(Array.from({ length: 60 }, () => newSession(teamId)));
  const busy = await newSession(teamId);
  for (const { session } of [...overdue, busy]) await loseAlarm(session.id);
  vi.setSystemTime(start + 29 * DAY_MS);
  const body = { clientId: "busy", content: "I am here" };
  const path = `/api/sessions/${busy.session.id}/messages`;
  expect((await call(path, { bearer: busy.token, body })).status).toBe(201);
  await loseAlarm(busy.session.id);
  const now = start + 31 * DAY_MS;
  vi.setSystemTime(now);
  const fresh = await newSession(teamId);

  const done = await cleanUp(env, undefined, now);
  expect(done).toMatchObject({ expiredSessions: 60, purgedSessions: 0, more: false });

  for (const { session } of overdue) {
    expect(await indexed(session.id)).toEqual({ status: "expired", end_reason: "idle" });
  }
  for (const { session } of [busy, fresh]) {
    expect(await indexed(session.id)).toEqual({ status: "active", end_reason: null });
  }
  expect(await cleanUp(env, undefined, now)).toMatchObject({ expiredSessions: 0, more: false });
});

test("an alarm that was lost is set again by the next caller", async () => {
  const { session, token } = await newSession(await newTeam());
  await loseAlarm(session.id);
  vi.setSystemTime(start + HOUR_MS);
  await call(`/api/sessions/${session.id}`, { bearer: token });
  const alarm = await runInDurableObject(objectOf(session.id), (_, { storage }) =>
    storage.getAlarm(),
  );
  expect(alarm).not.toBeNull();
});
