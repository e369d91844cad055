// How the object goes on trying while the index fails: with backoff, for as long as it takes, and not for ever where it
// never can succeed.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { alarmAt, runAlarms } from "../support/alarms.ts";
import { call, newSession, newTeam, ORIGIN } from "../support/api.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../support/clock.ts";
import { breakIndex } from "../support/index-database.ts";

const start = Date.UTC(2027, 0, 1);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
});
afterEach(() => {
  vi.useRealTimers();
});

function indexed(id: string) {
  return env.INDEX_DB.prepare("SELECT last_accessed, version FROM sessions WHERE id = ?")
    .bind(id)
    .first();
}

test("touches during an outage are tried with backoff up to an hour, and land afterwards", async () => {
  const { session, token } = await newSession(await newTeam());
  const heal = breakIndex();
  let runs = 0;
  for (let hour = 1; hour <= 48; hour++) {
    vi.setSystemTime(start + hour * HOUR_MS);
    const response = await call(`/api/sessions/${session.id}/validate`, { bearer: token });
    expect(response.status).toBe(200);
    runs += await runAlarms(session.id, start + hour * HOUR_MS + 59 * MINUTE_MS);
  }
  heal();
  // 12 tries to get from one second to an hour, then one an hour or two.
  expect(runs).toBeGreaterThan(24);
  expect(runs).toBeLessThan(48 * 2 + 24);
  await runAlarms(session.id, start + 52 * HOUR_MS);
  expect(await indexed(session.id)).toMatchObject({ last_accessed: start + 48 * HOUR_MS });
});

test("a creation that the index did not hear of is not lost", async () => {
  const teamId = await newTeam();
  await newSession(teamId);
  const heal = breakIndex();
  const { session } = await newSession(teamId);
  heal();
  expect(await indexed(session.id)).toBeNull();
  expect(await alarmAt(session.id)).toBeLessThanOrEqual(start + 1_000);
  await runAlarms(session.id, start + 2_000);
  expect(await indexed(session.id)).toMatchObject({ version: 1 });
  const outbox = await runAlarms(session.id, start + DAY_MS);
  expect(outbox).toBeLessThanOrEqual(1);
});

test("a write that fails after its caller has gone is tried again with backoff", async () => {
  const { session, token } = await newSession(await newTeam());
  const heal = breakIndex("hangs");
  const path = `/api/sessions/${session.id}`;
  expect((await call(path, { method: "DELETE", bearer: token })).status).toBe(204);
  while (((await alarmAt(session.id)) ?? Number.POSITIVE_INFINITY) > start + 1_000) {
    await scheduler.wait(50);
  }
  heal();
  await runAlarms(session.id, start + 1_000);
  expect(await indexed(session.id)).toMatchObject({ version: 2 });
});

test("what can never be indexed becomes a dead letter and wakes nobody", async () => {
  await newTeam();
  const teamId = await newTeam({ allowedOrigins: [] });
  // Refused, but now the Worker knows the team.
  const headers = { Origin: ORIGIN };
  expect((await call("/api/sessions/create", { headers, body: { teamId } })).status).toBe(403);
  const heal = breakIndex();
  const { session, token } = await newSession(teamId);
  heal();
  await env.INDEX_DB.batch(
    ["audit_events WHERE team_id", "team_counters WHERE team_id", "teams WHERE id"].map((where) =>
      env.INDEX_DB.prepare(`DELETE FROM ${where} = ?`).bind(teamId),
    ),
  );
  await runAlarms(session.id, start + MINUTE_MS);
  expect(await indexed(session.id)).toBeNull();
  for (let hour = 1; hour <= 3; hour++) {
    vi.setSystemTime(start + hour * HOUR_MS);
    const validated = await call(`/api/sessions/${session.id}/validate`, { bearer: token });
    expect(validated.status).toBe(200);
    expect(await runAlarms(session.id, start + hour * HOUR_MS + 59 * MINUTE_MS)).toBe(0);
  }
});
