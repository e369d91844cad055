import { describe, expect, test } from "vitest";
import {
  type Activity,
  CALL_QUIET_MS,
  earliest,
  INDEX_TOUCH_INTERVAL_MS,
  SOCKET_QUIET_MS,
  touchFlushDue,
} from "../../src/domain/deadlines.ts";
import { HOUR_MS, MINUTE_MS, NOW } from "./records.ts";

/** A session that the index heard of at NOW and that was accessed ten minutes later. */
function activity(fields: Partial<Activity> = {}): Activity {
  return {
    lastAccessed: NOW + 10 * MINUTE_MS,
    indexedAccess: NOW,
    indexedAt: NOW,
    socketsClosedAt: null,
    socketsOpen: false,
    ...fields,
  };
}

describe("the index hears of touches", () => {
  test("that it knows already: never", () => {
    expect(touchFlushDue(activity({ lastAccessed: NOW }))).toBeUndefined();
    expect(touchFlushDue(activity({ lastAccessed: NOW - 1 }))).toBeUndefined();
  });

  test("hourly, while a socket is open", () => {
    expect(touchFlushDue(activity({ socketsOpen: true }))).toBe(NOW + INDEX_TOUCH_INTERVAL_MS);
  });

  test("within 2 minutes of the last socket's closing", () => {
    const socketsClosedAt = NOW + 20 * MINUTE_MS;
    const due = touchFlushDue(activity({ socketsClosedAt }));
    expect(due).toBe(socketsClosedAt + SOCKET_QUIET_MS);
    expect(SOCKET_QUIET_MS).toBeLessThanOrEqual(2 * MINUTE_MS);
  });

  test("30 minutes after the last call, where there was no socket", () => {
    expect(touchFlushDue(activity())).toBe(NOW + 10 * MINUTE_MS + CALL_QUIET_MS);
    expect(CALL_QUIET_MS).toBe(30 * MINUTE_MS);
  });

  test("a minute after the last socket closed, whoever answers into the visit afterwards", () => {
    const due = touchFlushDue(activity({ socketsClosedAt: NOW + 5 * MINUTE_MS }));
    expect(due).toBe(NOW + 6 * MINUTE_MS);
  });

  test("30 minutes after a call where the index knows of the last socket's closing", () => {
    const due = touchFlushDue(activity({ socketsClosedAt: NOW - 5 * MINUTE_MS }));
    expect(due).toBe(NOW + 40 * MINUTE_MS);
  });

  test("no later than the hour, though the visit goes on", () => {
    const due = touchFlushDue(activity({ lastAccessed: NOW + 50 * MINUTE_MS }));
    expect(due).toBe(NOW + HOUR_MS);
  });
});

test("the earliest deadline is the least of those that exist", () => {
  expect(earliest()).toBeUndefined();
  expect(earliest(undefined, undefined)).toBeUndefined();
  expect(earliest(3, undefined, 1, 2)).toBe(1);
  expect(earliest(0, 1)).toBe(0);
});
