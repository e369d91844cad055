// The life of a session as pure functions: active → expired | terminated, and ended is final.
// `expiresAt` is a promise: the session lives at least until then. Touches less than TOUCH_INTERVAL_MS apart are not
// written, so the session really ends that much later: no call that was coalesced away ever costs its caller a minute.

import type { DeviceInfo, EndReason, LocationInfo, SessionStatus } from "../protocol/session.ts";
import type { TeamPolicy } from "../protocol/team.ts";
import { DAY_MS } from "./day.ts";

/** At most one touch is written in this time. */
export const TOUCH_INTERVAL_MS = 60_000;

/** The durable record of a session; times are epoch milliseconds. */
export interface SessionRecord {
  readonly id: string;
  readonly teamId: string;
  readonly teamNumber: number;
  readonly status: SessionStatus;
  readonly endReason: EndReason | null;
  readonly endedAt: number | null;
  /** When its transcript went to the bucket. */
  readonly archivedAt: number | null;
  readonly version: number;
  readonly userId: string | null;
  /** An HMAC that no two teams share, never the fingerprint itself. */
  readonly userFingerprint: string | null;
  readonly deviceInfo: DeviceInfo;
  readonly locationInfo: LocationInfo;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly lastAccessed: number;
  readonly defaultConversationId: string;
}

export type Lifetimes = Pick<TeamPolicy, "idleDays" | "absoluteDays">;

/** When the session may end at the earliest: idle or absolute, whichever comes first. */
export function expiresAt(record: SessionRecord, lifetimes: Lifetimes): number {
  return Math.min(
    record.lastAccessed + lifetimes.idleDays * DAY_MS,
    record.createdAt + lifetimes.absoluteDays * DAY_MS,
  );
}

/** When an untouched session ends, and why. */
export function deadline(
  record: SessionRecord,
  lifetimes: Lifetimes,
): { readonly at: number; readonly reason: "idle" | "absolute" } {
  const idle = record.lastAccessed + lifetimes.idleDays * DAY_MS + TOUCH_INTERVAL_MS;
  const absolute = record.createdAt + lifetimes.absoluteDays * DAY_MS;
  return idle < absolute ? { at: idle, reason: "idle" } : { at: absolute, reason: "absolute" };
}

/** The record after its deadline, or the same one while there is none behind it. */
export function expireIfDue(
  record: SessionRecord,
  lifetimes: Lifetimes,
  now: number,
): SessionRecord {
  if (record.status !== "active") return record;
  const due = deadline(record, lifetimes);
  return now < due.at ? record : end(record, due.reason, due.at, now);
}

/** Ends the session; an ended one stays as it was. `endedAt` may lie before `now`: a late alarm changes no history. */
export function end(
  record: SessionRecord,
  reason: EndReason,
  endedAt: number,
  now: number,
): SessionRecord {
  if (record.status !== "active") return record;
  return change(
    record,
    {
      status: reason === "idle" || reason === "absolute" ? "expired" : "terminated",
      endReason: reason,
      endedAt,
    },
    now,
  );
}

/** Binds the session to a person; nobody else's it can become after that. */
export function identify(record: SessionRecord, userId: string, now: number): SessionRecord {
  if (record.status !== "active" || record.userId !== null) return record;
  return change(record, { userId }, now);
}

/** Its messages are in the bucket. */
export function archive(record: SessionRecord, now: number): SessionRecord {
  return record.archivedAt === null ? change(record, { archivedAt: now }, now) : record;
}

/** Slides the expiry to start at `at`; a session never moves backwards, nor after its end. */
export function touch(record: SessionRecord, at: number, now: number): SessionRecord {
  if (record.status !== "active" || at <= record.lastAccessed) return record;
  return change(record, { lastAccessed: at }, now);
}

/** The record under other lifetimes: where they move its expiry, that is a change of its own. */
export function reschedule(
  record: SessionRecord,
  before: Lifetimes,
  after: Lifetimes,
  now: number,
): SessionRecord {
  const isMoved = expiresAt(record, before) !== expiresAt(record, after);
  return record.status === "active" && isMoved ? change(record, {}, now) : record;
}

/** Whether a call at `now` is worth writing down. */
export function isTouchDue(record: SessionRecord, now: number): boolean {
  return record.status === "active" && now - record.lastAccessed >= TOUCH_INTERVAL_MS;
}

function change(record: SessionRecord, fields: Partial<SessionRecord>, now: number): SessionRecord {
  return { ...record, ...fields, version: record.version + 1, updatedAt: now };
}
