// The bounds of what the Worker keeps of teams: how old, how many, how long it waits.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StaleIfErrorCache } from "../../src/stale-if-error-cache.ts";

const LIMITS = {
  ttlMs: 60_000,
  retryMs: 2_000,
  patienceMs: 10,
  firstPatienceMs: 30,
  maxEntries: 3,
};
const start = Date.UTC(2027, 0, 1);

let cache: StaleIfErrorCache<string>;
let answer: () => Promise<string | undefined>;
const load = vi.fn(() => answer());

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
  cache = new StaleIfErrorCache(LIMITS);
  answer = async () => "value";
  load.mockClear();
});
afterEach(() => {
  vi.useRealTimers();
});

function getAt(afterMs: number, key = "key"): Promise<string | undefined> {
  vi.setSystemTime(start + afterMs);
  return cache.get(key, start + afterMs, load);
}

const failing = () => Promise.reject(new Error("down"));
const hanging = () => new Promise<never>(() => undefined);

test("an answer is good for its time, and not longer", async () => {
  await getAt(0);
  await getAt(59_999);
  expect(load).toHaveBeenCalledTimes(1);
  answer = async () => "newer";
  expect(await getAt(60_000)).toBe("newer");
});

test("an old answer serves on while no new one is to be had, however long", async () => {
  await getAt(0);
  answer = failing;
  expect(await getAt(60_000)).toBe("value");
  expect(await getAt(61_999)).toBe("value");
  expect(load).toHaveBeenCalledTimes(2);
  answer = hanging;
  expect(await getAt(10_000_000)).toBe("value");
  answer = async () => undefined;
  expect(await getAt(20_000_000)).toBeUndefined();
});

test("without an old answer the failure is told, and remembered for a moment", async () => {
  answer = hanging;
  await expect(getAt(0)).rejects.toThrow("no answer within 30 ms");
  answer = failing;
  await expect(getAt(1_999)).rejects.toThrow("no answer within 30 ms");
  expect(load).toHaveBeenCalledTimes(1);
  answer = async () => "back";
  expect(await getAt(2_000)).toBe("back");
});

test("guesses push out guesses, never answers", async () => {
  await getAt(0, "real");
  answer = async () => undefined;
  for (let guess = 0; guess < 100; guess++) await getAt(1, `guess-${guess}`);
  answer = failing;
  expect(await getAt(2, "real")).toBe("value");
  await expect(getAt(2, "guess-0")).rejects.toThrow("down");
  expect(await getAt(2, "guess-99")).toBeUndefined();
});

test("the oldest answer goes first", async () => {
  for (const key of ["a", "b", "c", "d"]) await getAt(0, key);
  load.mockClear();
  for (const key of ["b", "c", "d"]) await getAt(1, key);
  expect(load).not.toHaveBeenCalled();
  await getAt(1, "a");
  expect(load).toHaveBeenCalledTimes(1);
});

test("what is forgotten is asked for again", async () => {
  await getAt(0);
  cache.forget("key");
  await getAt(1);
  cache.clear();
  await getAt(2);
  expect(load).toHaveBeenCalledTimes(3);
});
