import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  archiveDueAt,
  EMPTY_KEPT_MS,
  isGone,
  purgeDueAt,
  type Remains,
} from "../../src/domain/lifecycle.ts";
import { WEBHOOK_GIVE_UP_MS } from "../../src/protocol/limits.ts";

const DAY_MS = 86_400_000;
const T0 = Date.UTC(2027, 0, 1);

const ended: Remains = {
  endedAt: T0,
  noticedAt: T0,
  archivedAt: null,
  eraseAskedAt: null,
  isEmpty: false,
  owesEvents: false,
};
const WEEK = { archiveAfterDays: 7, retentionDays: 180 };

const days = fc.integer({ min: 0, max: 3650 });
const retentions = fc.record({ archiveAfterDays: days, retentionDays: days });
const offset = fc.integer({ min: 0, max: 4000 * DAY_MS });
const remains = fc
  .record({
    ended: fc.boolean(),
    late: fc.integer({ min: 0, max: 90 * DAY_MS }),
    archived: fc.boolean(),
    erased: fc.option(offset, { nil: null }),
    isEmpty: fc.boolean(),
    owesEvents: fc.boolean(),
  })
  .map(
    ({ ended, late, archived, erased, isEmpty, owesEvents }): Remains => ({
      endedAt: ended ? T0 : null,
      noticedAt: T0 + late,
      archivedAt: ended && archived && !isEmpty ? T0 + late : null,
      eraseAskedAt: ended && erased !== null ? T0 + erased : null,
      isEmpty,
      owesEvents: ended && owesEvents,
    }),
  );

describe("whatever the policy and whatever happened", () => {
  test("an active session keeps everything", () => {
    fc.assert(
      fc.property(remains, retentions, offset, (some, retention, at) => {
        const active = { ...some, endedAt: null, eraseAskedAt: null };
        expect(purgeDueAt(active, retention)).toBeUndefined();
        expect(archiveDueAt(active, retention, T0 + at)).toBeUndefined();
        expect(isGone(active, retention, T0 + at)).toBe(false);
      }),
    );
  });

  test("nothing is kept longer than the team says, nor purged before it ended", () => {
    fc.assert(
      fc.property(remains, retentions, (some, retention) => {
        const at = purgeDueAt(some, retention);
        if (some.endedAt === null) return;
        expect(at).toBeGreaterThanOrEqual(some.endedAt);
        if (some.eraseAskedAt === null) {
          expect(at).toBeLessThanOrEqual(some.endedAt + retention.retentionDays * DAY_MS);
        } else expect(at).toBe(some.eraseAskedAt);
      }),
    );
  });

  test("what is archived is archived once, before it is purged, and not before its days", () => {
    fc.assert(
      fc.property(remains, retentions, offset, (some, retention, later) => {
        const now = T0 + later;
        const at = archiveDueAt(some, retention, now);
        if (at === undefined) return;
        expect(some.archivedAt).toBeNull();
        expect(some.isEmpty).toBe(false);
        expect(at).toBeGreaterThanOrEqual(T0 + retention.archiveAfterDays * DAY_MS);
        expect(at).toBeLessThan(purgeDueAt(some, retention) ?? 0);
        // While events are owed it is never due, and looked at within a day of when it would be.
        if (some.owesEvents && at > T0 + retention.archiveAfterDays * DAY_MS) {
          expect(at).toBeGreaterThan(now);
          expect(at - now).toBeLessThanOrEqual(DAY_MS);
        }
      }),
    );
  });

  test("what is gone stays gone as time goes on", () => {
    fc.assert(
      fc.property(remains, retentions, offset, offset, (some, retention, one, other) => {
        const [early, late] = [T0 + Math.min(one, other), T0 + Math.max(one, other)];
        expect(isGone(some, retention, early) && !isGone(some, retention, late)).toBe(false);
      }),
    );
  });
});

test("archived after 7 days and purged after 180", () => {
  expect(archiveDueAt(ended, WEEK, T0)).toBe(T0 + 7 * DAY_MS);
  expect(archiveDueAt({ ...ended, archivedAt: T0 + 7 * DAY_MS }, WEEK, T0)).toBeUndefined();
  expect(purgeDueAt(ended, WEEK)).toBe(T0 + 180 * DAY_MS);
});

test("a team that keeps nothing as long as it would archive it has no archive", () => {
  for (const archiveAfterDays of [30, 31]) {
    const retention = { archiveAfterDays, retentionDays: 30 };
    expect(archiveDueAt(ended, retention, T0)).toBeUndefined();
    expect(purgeDueAt(ended, retention)).toBe(T0 + 30 * DAY_MS);
  }
});

test("an empty session goes soon after its end was noticed, or when its events are given up", () => {
  const empty = { ...ended, isEmpty: true };
  expect(purgeDueAt(empty, WEEK)).toBe(T0 + EMPTY_KEPT_MS);
  expect(purgeDueAt({ ...empty, noticedAt: T0 + DAY_MS }, WEEK)).toBe(T0 + DAY_MS + EMPTY_KEPT_MS);
  expect(purgeDueAt({ ...empty, owesEvents: true }, WEEK)).toBe(T0 + WEBHOOK_GIVE_UP_MS);
  expect(purgeDueAt({ ...empty, owesEvents: true }, { ...WEEK, retentionDays: 1 })).toBe(
    T0 + DAY_MS,
  );
});

test("whoever waits for events looks each day", () => {
  const owing = { ...ended, owesEvents: true };
  const due = T0 + 7 * DAY_MS;
  expect(archiveDueAt(owing, WEEK, due - 1)).toBe(due);
  expect(archiveDueAt(owing, WEEK, due)).toBe(due + DAY_MS);
  expect(archiveDueAt(owing, WEEK, due + DAY_MS)).toBe(due + 2 * DAY_MS);
});
