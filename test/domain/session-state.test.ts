import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  deadline,
  end,
  expireIfDue,
  expiresAt,
  isTouchDue,
  type SessionRecord,
  TOUCH_INTERVAL_MS,
  touch,
} from "../../src/domain/session-state.ts";
import type { EndReason } from "../../src/protocol/session.ts";
import {
  anyActive,
  anyEndReason,
  anyLifetimes,
  anyTime,
  DAY_MS,
  LIFETIMES,
  NOW,
  record,
} from "./records.ts";

describe("expiry", () => {
  test("after 30 idle days, and as much later as a touch may have been coalesced away", () => {
    const untouched = record();
    const due = NOW + 30 * DAY_MS + TOUCH_INTERVAL_MS;

    expect(expiresAt(untouched, LIFETIMES)).toBe(NOW + 30 * DAY_MS);
    expect(expireIfDue(untouched, LIFETIMES, due - 1)).toBe(untouched);
    expect(expireIfDue(untouched, LIFETIMES, due)).toEqual({
      ...untouched,
      status: "expired",
      endReason: "idle",
      endedAt: due,
      version: 2,
      updatedAt: due,
    });
  });

  test("slides with every touch, but not beyond 180 days", () => {
    const touched = touch(record(), NOW + 29 * DAY_MS, NOW + 29 * DAY_MS);
    expect(expiresAt(touched, LIFETIMES)).toBe(NOW + 59 * DAY_MS);

    const late = touch(touched, NOW + 170 * DAY_MS, NOW + 170 * DAY_MS);
    expect(expiresAt(late, LIFETIMES)).toBe(NOW + 180 * DAY_MS);
    expect(deadline(late, LIFETIMES)).toEqual({ at: NOW + 180 * DAY_MS, reason: "absolute" });
  });

  test("at 180 days, however busy it was a moment ago", () => {
    const busy = record({ lastAccessed: NOW + 180 * DAY_MS - 1 });

    expect(expireIfDue(busy, LIFETIMES, NOW + 180 * DAY_MS - 1)).toBe(busy);
    expect(expireIfDue(busy, LIFETIMES, NOW + 180 * DAY_MS)).toMatchObject({
      status: "expired",
      endReason: "absolute",
      endedAt: NOW + 180 * DAY_MS,
    });
  });

  test("that is found out late, by an alarm or a call, lies where it was due", () => {
    const found = expireIfDue(record(), LIFETIMES, NOW + 300 * DAY_MS);

    expect(found.endedAt).toBe(NOW + 30 * DAY_MS + TOUCH_INTERVAL_MS);
    expect(found.updatedAt).toBe(NOW + 300 * DAY_MS);
  });
});

describe("an end", () => {
  test.each<{ reason: EndReason; status: string }>([
    { reason: "idle", status: "expired" },
    { reason: "absolute", status: "expired" },
    { reason: "terminated", status: "terminated" },
    { reason: "erased", status: "terminated" },
  ])("as $reason makes a session $status", ({ reason, status }) => {
    expect(end(record(), reason, NOW + 1, NOW + 2)).toMatchObject({
      status,
      endReason: reason,
      endedAt: NOW + 1,
      updatedAt: NOW + 2,
      version: 2,
    });
  });

  test("is final: nothing that happens afterwards changes the record", () => {
    fc.assert(
      fc.property(
        anyActive,
        anyEndReason,
        anyTime,
        anyEndReason,
        anyTime,
        anyLifetimes,
        (active, reason, at, other, later, lifetimes) => {
          const ended = end(active, reason, at, at);
          expect(end(ended, other, later, later)).toBe(ended);
          expect(touch(ended, later, later)).toBe(ended);
          expect(expireIfDue(ended, lifetimes, later)).toBe(ended);
          expect(isTouchDue(ended, later)).toBe(false);
        },
      ),
    );
  });
});

describe("touches", () => {
  test("are worth a write once an interval", () => {
    expect(isTouchDue(record(), NOW + TOUCH_INTERVAL_MS - 1)).toBe(false);
    expect(isTouchDue(record(), NOW + TOUCH_INTERVAL_MS)).toBe(true);
  });

  test("never move a session backwards", () => {
    fc.assert(
      fc.property(anyActive, anyTime, anyTime, (active, at, now) => {
        const touched = touch(active, at, now);
        expect(touched.lastAccessed).toBe(Math.max(active.lastAccessed, at));
        if (at <= active.lastAccessed) expect(touched).toBe(active);
      }),
    );
  });

  test("that are coalesced away cost nobody any time", () => {
    fc.assert(
      fc.property(anyActive, anyLifetimes, fc.nat(TOUCH_INTERVAL_MS * 2), (active, life, after) => {
        const calledAt = active.lastAccessed + after;
        if (isTouchDue(active, calledAt)) return;
        const promised = expiresAt({ ...active, lastAccessed: calledAt }, life);
        expect(deadline(active, life).at).toBeGreaterThanOrEqual(promised);
      }),
    );
  });
});

describe("deadlines", () => {
  test("never lie before what the session was promised", () => {
    fc.assert(
      fc.property(anyActive, anyLifetimes, (active, lifetimes) => {
        const due = deadline(active, lifetimes);
        expect(due.at).toBeGreaterThanOrEqual(expiresAt(active, lifetimes));
        expect(due.at).toBeLessThanOrEqual(active.createdAt + lifetimes.absoluteDays * DAY_MS);
      }),
    );
  });

  test("settle a session when they are reached and not before, and once", () => {
    fc.assert(
      fc.property(anyActive, anyLifetimes, anyTime, (active, lifetimes, now) => {
        const due = deadline(active, lifetimes);
        const settled = expireIfDue(active, lifetimes, now);
        if (now < due.at) expect(settled).toBe(active);
        else expect(settled).toMatchObject({ endReason: due.reason, endedAt: due.at });
        expect(expireIfDue(settled, lifetimes, now)).toBe(settled);
      }),
    );
  });
});

test("every change, and nothing else, is a new version", () => {
  type Step = (from: SessionRecord) => SessionRecord;
  const step: fc.Arbitrary<Step> = fc.oneof(
    anyTime.map(
      (at): Step =>
        (from) =>
          touch(from, at, at),
    ),
    fc.tuple(anyLifetimes, anyTime).map(
      ([lifetimes, at]): Step =>
        (from) =>
          expireIfDue(from, lifetimes, at),
    ),
    fc.tuple(anyEndReason, anyTime).map(
      ([reason, at]): Step =>
        (from) =>
          end(from, reason, at, at),
    ),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      let before = record();
      for (const next of steps) {
        const after = next(before);
        const { version: _, updatedAt: __, ...fields } = after;
        const { version: ___, updatedAt: ____, ...fieldsBefore } = before;
        const isChanged = JSON.stringify(fields) !== JSON.stringify(fieldsBefore);
        expect(after.version).toBe(before.version + (isChanged ? 1 : 0));
        before = after;
      }
    }),
  );
});
