/** Session records as the rules see them, by example and at random. */
import fc from "fast-check";
import type { Lifetimes, SessionRecord } from "../../src/domain/session-state.ts";
import type { EndReason } from "../../src/protocol/session.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
export const NOW = Date.UTC(2026, 0, 15);

export const LIFETIMES: Lifetimes = { idleDays: 30, absoluteDays: 180 };

/** An active session that was created at NOW and not touched since. */
export function record(fields: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: "session",
    teamId: "team",
    teamNumber: 1,
    status: "active",
    endReason: null,
    endedAt: null,
    archivedAt: null,
    version: 1,
    userId: null,
    userFingerprint: null,
    deviceInfo: { browser: "Firefox" },
    locationInfo: { country: "DE" },
    createdAt: NOW,
    updatedAt: NOW,
    lastAccessed: NOW,
    defaultConversationId: "conv_default",
    ...fields,
  };
}

export const anyLifetimes: fc.Arbitrary<Lifetimes> = fc.record({
  idleDays: fc.integer({ min: 1, max: 365 }),
  absoluteDays: fc.integer({ min: 1, max: 365 }),
});

/** Around the lifetimes that `anyLifetimes` draws, with the edges of days hit often. */
export const anyTime: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: NOW, max: NOW + 400 * DAY_MS }),
  fc
    .tuple(fc.nat(400), fc.integer({ min: -2 * MINUTE_MS, max: 2 * MINUTE_MS }))
    .map(([days, offset]) => Math.max(NOW, NOW + days * DAY_MS + offset)),
);

export const anyActive: fc.Arbitrary<SessionRecord> = fc
  .record({ version: fc.integer({ min: 1, max: 1000 }), lastAccessed: anyTime })
  .map(record);

export const anyEndReason = fc.constantFrom<EndReason[]>(
  "idle",
  "absolute",
  "terminated",
  "erased",
);
