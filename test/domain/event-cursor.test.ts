import { expect, test } from "vitest";
import {
  delivered,
  type EventCursor,
  failed,
  isNews,
  newCursor,
  replayed,
  resumed,
} from "../../src/domain/event-cursor.ts";
import { WEBHOOK_GIVE_UP_MS } from "../../src/protocol/limits.ts";

const HOUR_MS = 3_600_000;
const FAILURE = { error: "status 500", retryAfterMs: undefined, isGone: false };
const start: EventCursor = { ...newCursor("webhook", "one", 4), batchEnd: 9 };

/** Fails whenever it is due, until it stops. */
function failUntilStopped(random: number): EventCursor[] {
  const seen: EventCursor[] = [];
  let cursor = start;
  for (let now = 0; cursor.stoppedAt === null; now = cursor.dueAt ?? now) {
    cursor = failed(cursor, FAILURE, now, random);
    seen.push(cursor);
  }
  return seen;
}

test("a failure keeps the batch, and is tried later and later, an hour apart at most", () => {
  const seen = failUntilStopped(0.5);
  expect(seen.every(({ position, batchEnd }) => position === 4 && batchEnd === 9)).toBe(true);
  const waits = seen
    .slice(1, -1)
    .map(({ dueAt }, index) => (dueAt ?? 0) - (seen[index]?.dueAt ?? 0));
  expect(waits).toEqual([...waits].sort((a, b) => a - b));
  expect(waits.at(-1)).toBe(0.75 * HOUR_MS);
});

test("it stops after three days of failure, whatever the chances were, and not before", () => {
  for (const random of [0, 0.999]) {
    const last = failUntilStopped(random).at(-1);
    expect(last?.dueAt).toBeNull();
    expect(last?.stoppedAt).toBeGreaterThanOrEqual(WEBHOOK_GIVE_UP_MS);
    expect(last?.stoppedAt).toBeLessThan(WEBHOOK_GIVE_UP_MS + HOUR_MS);
  }
});

test("a receiver may ask for more time, an hour at most, and never for less", () => {
  const dueAfter = (retryAfterMs: number) =>
    failed(start, { ...FAILURE, retryAfterMs }, 0, 0.5).dueAt;
  expect(dueAfter(60_000)).toBe(60_000);
  expect(dueAfter(1)).toBe(750);
  expect(dueAfter(1e12)).toBe(HOUR_MS);
});

test("a receiver that is gone is not tried again", () => {
  const gone = failed(start, { ...FAILURE, isGone: true }, 5, 0.5);
  expect(gone).toMatchObject({ stoppedAt: 5, dueAt: null, failingSince: 5 });
});

test("a success, or somebody who resumes, ends all that", () => {
  const stopped = failUntilStopped(0.5).at(-1) ?? start;
  expect(delivered(stopped)).toEqual(newCursor("webhook", "one", 9));
  expect(resumed(stopped)).toEqual(start);
});

test("a replay is another batch than the one of before", () => {
  expect(replayed(failed(start, FAILURE, 0, 0.5), 1)).toEqual({
    ...newCursor("webhook", "one", 1),
    replays: 1,
  });
});

test("the team hears of the third failure, of the stop, and of the end of it, and of nothing in between", () => {
  const seen = [start, ...failUntilStopped(0.5)];
  const told = seen.slice(1).map((cursor, index) => isNews(seen[index] ?? start, cursor));
  expect(told.flatMap((isTold, index) => (isTold ? [index + 1] : []))).toEqual([
    3,
    seen.length - 1,
  ]);
  expect(isNews(seen.at(-1) ?? start, delivered(start))).toBe(true);
  expect(isNews(seen[2] ?? start, delivered(start))).toBe(false);
});
