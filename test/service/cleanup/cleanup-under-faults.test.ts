/** Whatever fails, and whenever: the next run that nothing disturbs leaves all as it should be. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SessionObject } from "../../../objects/session.ts";
import { cleanUp } from "../../../src/operations/cleanup/clean-up.ts";
import type { CleanupResult } from "../../../src/protocol/lifecycle.ts";
import { call, newTeam } from "../../support/api.ts";
import { DAY_MS } from "../../support/clock.ts";
import { breakIndex, breakIndexCalls } from "../../support/index-database.ts";
import { refusal } from "../../support/problem.ts";
import { TEST_ADMIN_TOKEN } from "../../support/test-env.ts";
import { countersOf, keysIn, rowsOfPurged, sleepers, statusOf, strayKeys } from "./mess.ts";

let now = Date.UTC(2027, 5, 1);
let restore = () => {};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now });
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});
afterEach(() => {
  restore();
  restore = () => {};
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Two that are overdue, one that is none, and keys that are nobody's; the clock is there where all of it is due. */
async function makeMess() {
  const teamId = await newTeam();
  const overdue = await sleepers(teamId, 2);
  const [none = ""] = await rowsOfPurged(teamId, 1, now);
  const stray = await strayKeys(overdue[0]?.session.id ?? "");
  now += 31 * DAY_MS;
  vi.setSystemTime(now);
  return { teamId, overdue, none, stray };
}

type Mess = Awaited<ReturnType<typeof makeMess>>;

async function expectClean({ teamId, overdue, none, stray }: Mess, when: string): Promise<void> {
  for (const { session } of overdue) expect(await statusOf(session.id), when).toBe("expired");
  expect(await statusOf(none), when).toBeUndefined();
  const left = await keysIn("");
  for (const key of stray) expect(left, when).not.toContain(key);
  const [kept, counted] = await countersOf(teamId);
  expect(kept, when).toEqual(counted);
}

async function untilDone(): Promise<CleanupResult> {
  for (;;) {
    const result = await cleanUp(env, undefined, now);
    if (!result.more) return result;
  }
}

/** Whatever it comes to, as long as it comes back. */
const disturbed = () => cleanUp(env, undefined, now).catch(() => undefined);

describe("D1 fails", () => {
  test("one call, whichever", async () => {
    const undisturbed = breakIndexCalls(() => false);
    const first = await makeMess();
    const before = undisturbed.calls();
    await untilDone();
    const calls = undisturbed.calls() - before;
    undisturbed.restore();
    await expectClean(first, "undisturbed");
    expect(calls).toBeGreaterThan(20);
    for (let failing = 0; failing < calls + 5; failing++) {
      const mess = await makeMess();
      const broken = breakIndexCalls((n) => n === failing);
      restore = broken.restore;
      await disturbed();
      broken.restore();
      await untilDone();
      await expectClean(mess, `call ${failing} failed`);
    }
  }, 180_000);

  test("from one call on, as if the run had been killed there", async () => {
    for (let failing = 0; failing < 40; failing += 2) {
      const mess = await makeMess();
      const broken = breakIndexCalls((n) => n >= failing);
      restore = broken.restore;
      await disturbed();
      broken.restore();
      await untilDone();
      await expectClean(mess, `killed at call ${failing}`);
    }
  }, 180_000);

  test("altogether: whoever asks is told to come back", async () => {
    restore = breakIndex();
    const response = await call("/api/sessions/cleanup", { bearer: TEST_ADMIN_TOKEN, body: {} });
    expect(await refusal(response)).toBe("503 unavailable");
    expect(response.headers.has("Retry-After")).toBe(true);
  });

  test("in one part: the others are done, and there is more", async () => {
    const mess = await makeMess();
    const broken = breakIndexCalls((n) => n === 0);
    restore = broken.restore;
    const result = await cleanUp(env, undefined, now);
    expect(result.more).toBe(true);
    expect(await keysIn("")).not.toContain(mess.stray[0]);
    broken.restore();
    await untilDone();
    await expectClean(mess, "afterwards");
  });
});

describe("objects", () => {
  const { reconcile } = SessionObject.prototype;

  function replaceReconcile(act: (id: string) => Promise<void>): void {
    SessionObject.prototype.reconcile = async function (this: SessionObject, asked) {
      await act((this as unknown as { ctx: DurableObjectState }).ctx.id.name ?? "");
      return await reconcile.call(this, asked);
    };
    restore = () => {
      SessionObject.prototype.reconcile = reconcile;
    };
  }

  test("that fail hold up nobody else, and are asked again", async () => {
    const mess = await makeMess();
    const [failing, other] = mess.overdue.map(({ session }) => session.id);
    replaceReconcile(async (id) => {
      if (id === failing) throw new Error("broken");
    });
    expect(await untilDone()).toMatchObject({ expiredSessions: 1 });
    expect(await statusOf(failing ?? "")).toBe("active");
    expect(await statusOf(other ?? "")).toBe("expired");
    restore();
    expect(await untilDone()).toMatchObject({ expiredSessions: 1 });
    await expectClean(mess, "afterwards");
  });

  test("that never answer hold up nobody else for longer than their time", async () => {
    const teamId = await newTeam();
    const overdue = await sleepers(teamId, 13);
    now += 31 * DAY_MS;
    vi.setSystemTime(now);
    const hanging = overdue.slice(0, 3).map(({ session }) => session.id);
    const released = Promise.withResolvers<void>();
    replaceReconcile(async (id) => {
      if (hanging.includes(id)) await released.promise;
    });
    expect(await cleanUp(env, teamId, now)).toMatchObject({ expiredSessions: 10, more: false });
    released.resolve();
    restore();
    // They went on by themselves.
    await untilDone();
    for (const { session } of overdue) expect(await statusOf(session.id)).toBe("expired");
  }, 60_000);

  test("R2 fails: the rest is done, and there is more", async () => {
    const mess = await makeMess();
    const bucket = {
      list: () => Promise.reject(new Error("list: Internal Error (10001)")),
    } as unknown as R2Bucket;
    const result = await cleanUp({ ...env, BUCKET: bucket }, undefined, now);
    expect(result).toMatchObject({ expiredSessions: 2, more: true });
    await untilDone();
    await expectClean(mess, "afterwards");
  });
});
