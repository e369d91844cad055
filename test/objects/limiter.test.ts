import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { LimiterObject } from "../../objects/limiter.ts";
import { RATE_WINDOW_MS } from "../../src/domain/rate-limit.ts";
import { RESIDENCIES } from "../support/eviction.ts";

type Stub = DurableObjectStub & Pick<LimiterObject, "take">;

const start = Date.UTC(2027, 2, 1);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
});
afterEach(() => {
  vi.useRealTimers();
});

const newLimiter = () => env.LIMITERS.getByName(crypto.randomUUID()) as unknown as Stub;

function stored(limiter: Stub): Promise<{ entries: unknown[]; alarm: number | null }> {
  return runInDurableObject(limiter, async (_, { storage }) => ({
    entries: [...storage.kv.list()],
    alarm: await storage.getAlarm(),
  }));
}

describe.each(RESIDENCIES)("a limiter that %s", (residency) => {
  async function step(limiter: Stub): Promise<void> {
    if (residency === "is evicted between steps") await evictDurableObject(limiter);
  }

  test("admits its limit in a minute, and tells when there is room again", async () => {
    const limiter = newLimiter();
    for (let count = 0; count < 3; count++) {
      expect(await limiter.take(3, 1)).toEqual({ allowed: true, retryAfterMs: 0 });
      await step(limiter);
    }
    const refused = await limiter.take(3, 1);
    expect(refused.allowed).toBe(false);
    await step(limiter);
    vi.setSystemTime(start + refused.retryAfterMs - 1);
    expect(await limiter.take(3, 1)).toEqual({ allowed: false, retryAfterMs: 1 });
    await step(limiter);
    vi.setSystemTime(start + refused.retryAfterMs);
    expect(await limiter.take(3, 1)).toEqual({ allowed: true, retryAfterMs: 0 });
  });

  test("keeps nothing once it says nothing, and begins anew", async () => {
    const limiter = newLimiter();
    await limiter.take(3, 3);
    await step(limiter);
    const { alarm } = await stored(limiter);
    expect(alarm).toBe(start + 2 * RATE_WINDOW_MS);
    vi.setSystemTime(alarm ?? 0);
    await runDurableObjectAlarm(limiter);
    await step(limiter);
    expect(await stored(limiter)).toEqual({ entries: [], alarm: null });
    expect(await limiter.take(3, 3)).toEqual({ allowed: true, retryAfterMs: 0 });
    expect((await stored(limiter)).alarm).toBe(start + 4 * RATE_WINDOW_MS);
  });

  test("is not cleared while it still counts", async () => {
    const limiter = newLimiter();
    await limiter.take(3, 3);
    vi.setSystemTime(start + 1.9 * RATE_WINDOW_MS);
    await limiter.take(3, 2);
    await step(limiter);
    vi.setSystemTime(start + 2 * RATE_WINDOW_MS);
    await runDurableObjectAlarm(limiter);
    await step(limiter);
    expect((await stored(limiter)).alarm).toBe(start + 3 * RATE_WINDOW_MS);
    expect((await limiter.take(3, 3)).allowed).toBe(false);
  });
});

test("two parallel floods are admitted no more than the limit together", async () => {
  const limiter = newLimiter();
  const floods = await Promise.all(
    [1, 2].map(() => Promise.all(Array.from({ length: 100 }, () => limiter.take(30, 1)))),
  );
  expect(floods.flat().filter(({ allowed }) => allowed)).toHaveLength(30);
});

test("a refusal writes nothing", async () => {
  const limiter = newLimiter();
  await limiter.take(1, 1);
  const before = await stored(limiter);
  vi.setSystemTime(start + 1_000);
  expect((await limiter.take(1, 1)).allowed).toBe(false);
  expect(await stored(limiter)).toEqual(before);
});
