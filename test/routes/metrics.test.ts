/** The figures of the deployment: each with its source, and without it null. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { MonitorObject } from "../../objects/monitor.ts";
import { MonitorObject as Monitor } from "../../objects/monitor.ts";
import type { Metrics } from "../../src/protocol/metrics.ts";
import { call, newSession, newTeam } from "../support/api.ts";
import { breakIndex } from "../support/index-database.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";

const now = Date.UTC(2027, 2, 1);
const { figures } = Monitor.prototype;
let restore = () => {};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now });
  for (const level of ["info", "warn"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});
afterEach(() => {
  restore();
  restore = () => {};
  Monitor.prototype.figures = figures;
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function metrics(): Promise<Metrics> {
  const response = await call("/api/admin/metrics", { bearer: TEST_ADMIN_TOKEN });
  expect(response.status).toBe(200);
  return await response.json<Metrics>();
}

const valuesOf = (all: Metrics) =>
  Object.fromEntries(Object.entries(all).map(([name, { value }]) => [name, value as unknown]));

test("they tell how it is, and where they have it from", async () => {
  const before = valuesOf(await metrics()).sessions as Metrics["sessions"]["value"];
  const teamId = await newTeam();
  const { session, token } = await newSession(teamId);
  await newSession(teamId);
  await call(`/api/sessions/${session.id}`, { method: "DELETE", bearer: token });
  await call("/api/sessions/cleanup", { bearer: TEST_ADMIN_TOKEN, body: {} });
  const monitor = env.MONITOR.getByName("all") as unknown as MonitorObject;
  await monitor.report("a", { kind: "index", since: now - 90_000, waiting: 4 });
  await monitor.report("b", { kind: "index", since: now - 30_500, waiting: 1 });
  await monitor.report("b", { kind: "webhook", since: now - 600_000, waiting: 20 });
  await monitor.report("b", { kind: "app", since: now - 60_000, waiting: 2 });
  await monitor.report("c", { kind: "alarm", since: now, waiting: 0 });
  await env.INDEX_DB.prepare(
    `INSERT INTO webhook_failures (team_id, session_id, webhook_id, failing_since, attempts, last_error, stopped_at)
     VALUES (?1, 'x', 'w', 0, 5, '', NULL), (?1, 'y', 'w', 0, 5, '', 1)`,
  )
    .bind(teamId)
    .run();

  const all = await metrics();
  expect(valuesOf(all)).toEqual({
    outboxDepth: 5,
    sessionsBehindIndex: 2,
    indexLagSeconds: 90,
    webhookLagSeconds: 600,
    appLagSeconds: 60,
    eventsWaiting: 22,
    webhookFailures: { failing: 1, stopped: 1 },
    alarmRetries: 1,
    sessions: {
      total: (before?.total ?? 0) + 2,
      active: (before?.active ?? 0) + 1,
      expired: before?.expired,
      terminated: (before?.terminated ?? 0) + 1,
      purged: before?.purged,
    },
    cleanupRuns: [expect.objectContaining({ startedAt: new Date(now).toISOString(), more: false })],
  });
  for (const { source, at } of Object.values(all)) {
    expect(source).toMatch(/^(MonitorObject|D1): \w/);
    expect(at).toBe(new Date(now).toISOString());
  }
});

test("with the index down, the monitor's are there all the same", async () => {
  restore = breakIndex();
  expect(valuesOf(await metrics())).toMatchObject({
    indexLagSeconds: expect.any(Number) as number,
    sessions: null,
    cleanupRuns: null,
    webhookFailures: null,
  });
});

test("with the monitor down, the index's are", async () => {
  Monitor.prototype.figures = () => Promise.reject(new Error("down"));
  expect(valuesOf(await metrics())).toMatchObject({
    indexLagSeconds: null,
    outboxDepth: null,
    alarmRetries: null,
    sessions: { total: expect.any(Number) as number },
  });
});
