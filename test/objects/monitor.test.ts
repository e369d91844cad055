/** Sessions tell of what does not come through, seldom, and of its end; nobody waits for it, and it is forgotten. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { MonitorFigures } from "../../objects/monitor.ts";
import { MonitorObject } from "../../objects/monitor.ts";
import type { Trouble, TroubleReport } from "../../src/domain/trouble.ts";
import { call, newSession, newTeam } from "../support/api.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, moveClock } from "../support/clock.ts";
import { breakIndex } from "../support/index-database.ts";
import { objectOf } from "../support/object-of.ts";
import { tablesOf } from "../support/object-storage.ts";

type Stub = DurableObjectStub & Pick<MonitorObject, "report" | "resolved" | "figures">;

const start = Date.UTC(2027, 2, 1);
const { report, resolved } = MonitorObject.prototype;
let restore = () => {};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
  for (const level of ["warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});
afterEach(() => {
  restore();
  restore = () => {};
  Object.assign(MonitorObject.prototype, { report, resolved });
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const monitorOf = (name: string) => env.MONITOR.getByName(name) as unknown as Stub;
const all = () => monitorOf("all");

const of = ({ troubles }: MonitorFigures, kind: Trouble) =>
  troubles.find((trouble) => trouble.kind === kind);

describe("the monitor", () => {
  const trouble = (fields: Partial<TroubleReport> = {}): TroubleReport => ({
    kind: "index",
    since: start - 5_000,
    waiting: 2,
    ...fields,
  });

  test("adds up what sessions report, each once", async () => {
    const monitor = monitorOf("adds");
    await monitor.report("a", trouble());
    await monitor.report("b", trouble({ since: start - 9_000, waiting: 3 }));
    await monitor.report("a", trouble({ since: start, waiting: 4 }));
    await monitor.report("a", trouble({ kind: "alarm", since: start, waiting: 0 }));
    await monitor.report("a", trouble({ kind: "alarm", since: start, waiting: 0 }));
    const figures = await monitor.figures();
    expect(of(figures, "index")).toEqual({
      kind: "index",
      sessions: 2,
      waiting: 7,
      oldestSince: start - 9_000,
      reports: 3,
    });
    expect(of(figures, "alarm")).toMatchObject({ sessions: 1, reports: 2 });
    expect(of(figures, "webhook")).toMatchObject({ sessions: 0, waiting: 0, oldestSince: null });
    await monitor.resolved("b", "index");
    expect(of(await monitor.figures(), "index")).toMatchObject({ sessions: 1, waiting: 4 });
  });

  test("forgets, and then holds nothing", async () => {
    const monitor = monitorOf("forgets");
    await monitor.report("a", trouble());
    await monitor.report("a", trouble({ kind: "alarm" }));
    vi.setSystemTime(start + 2 * HOUR_MS);
    expect(of(await monitor.figures(), "index")).toMatchObject({ sessions: 0 });
    expect(of(await monitor.figures(), "alarm")).toMatchObject({ sessions: 1 });
    expect(await runDurableObjectAlarm(monitor)).toBe(true);
    vi.setSystemTime(start + DAY_MS);
    expect(await runDurableObjectAlarm(monitor)).toBe(true);
    expect(await tablesOf(monitor, () => true)).toBe("");
    const alarm = await runInDurableObject(monitor, (_, { storage }) => storage.getAlarm());
    expect(alarm).toBeNull();
    await monitor.report("b", trouble({ since: start + DAY_MS }));
    expect(of(await monitor.figures(), "index")).toMatchObject({ sessions: 1 });
  });

  test("that was never told of anything writes nothing", async () => {
    const monitor = monitorOf("idle");
    expect((await monitor.figures()).isFull).toBe(false);
    await monitor.resolved("a", "index");
    expect(await tablesOf(monitor, () => true)).toBe("");
  });
});

/** Counts reports, and hands them on. */
function counted(): { readonly reports: Trouble[]; readonly ends: Trouble[] } {
  const seen = { reports: [] as Trouble[], ends: [] as Trouble[] };
  MonitorObject.prototype.report = async function (this: MonitorObject, session, told) {
    seen.reports.push(told.kind);
    await report.call(this, session, told);
  };
  MonitorObject.prototype.resolved = async function (this: MonitorObject, session, kind) {
    seen.ends.push(kind);
    await resolved.call(this, session, kind);
  };
  return seen;
}

async function post(id: string, token: string, clientId: string): Promise<Response> {
  const body = { clientId, content: "Hello" };
  return await call(`/api/sessions/${id}/messages`, { bearer: token, body });
}

describe("a session", () => {
  test("tells of an index that goes on failing, at most once a minute, and that it came back", async () => {
    const { session, token } = await newSession(await newTeam());
    const seen = counted();
    restore = breakIndex();
    const path = `/api/sessions/${session.id}/conversations`;
    expect((await call(path, { bearer: token, body: {} })).status).toBe(201);
    for (let attempt = 2; attempt <= 8; attempt++) {
      moveClock(5_000 * 2 ** (attempt - 2));
      await runDurableObjectAlarm(objectOf(session.id));
      if (attempt === 2) expect(seen.reports).toEqual([]);
      if (attempt === 3) await vi.waitFor(() => expect(seen.reports).toEqual(["index"]));
    }
    // 7 attempts, of which the first two are no news; those of the first minute are one.
    expect(seen.reports.length).toBeGreaterThan(1);
    expect(seen.reports.length).toBeLessThan(6);
    await vi.waitFor(async () => {
      const { waiting = 0, oldestSince } = of(await all().figures(), "index") ?? {};
      expect(waiting).toBeGreaterThan(0);
      expect(oldestSince).toBe(start);
    });
    expect(await tablesOf(all(), () => true)).not.toContain(session.id);
    restore();
    moveClock(2 * HOUR_MS);
    await runDurableObjectAlarm(objectOf(session.id));
    await vi.waitFor(() => expect(seen.ends).toEqual(["index"]));
    expect(of(await all().figures(), "index")).toMatchObject({ sessions: 0 });
  });

  test("tells of an alarm that has to be run again", async () => {
    const { session } = await newSession(await newTeam());
    const before = of(await all().figures(), "alarm")?.reports ?? 0;
    await runInDurableObject(objectOf(session.id), (object) =>
      object.alarm?.({ isRetry: true, retryCount: 1, scheduledTime: Date.now() }),
    );
    await vi.waitFor(async () => {
      expect(of(await all().figures(), "alarm")?.reports).toBe(before + 1);
    });
  });

  test.each([
    ["fails", () => Promise.reject(new Error("down"))],
    ["hangs", () => new Promise<never>(() => undefined)],
  ])("goes on as ever when the monitor %s", async (_how, act) => {
    const { session, token } = await newSession(await newTeam());
    Object.assign(MonitorObject.prototype, { report: act, resolved: act });
    restore = breakIndex();
    for (let attempt = 0; attempt < 5; attempt++) {
      moveClock(10 * MINUTE_MS);
      await runDurableObjectAlarm(objectOf(session.id));
      expect((await post(session.id, token, `m-${attempt}`)).status).toBe(201);
    }
  });

  test("that has nothing to tell calls nobody", async () => {
    const seen = counted();
    const { session, token } = await newSession(await newTeam());
    await post(session.id, token, "a");
    moveClock(HOUR_MS);
    await runDurableObjectAlarm(objectOf(session.id));
    await call(`/api/sessions/${session.id}`, { method: "DELETE", bearer: token });
    expect(seen).toEqual({ reports: [], ends: [] });
  });
});
