// How far one listener has come in a session's events, and how it fares: pure steps from one state to the next.
import { WEBHOOK_GIVE_UP_MS } from "../protocol/limits.ts";
import { backoffMs } from "./backoff.ts";

export const EVENT_LISTENERS = ["webhook", "app"] as const;
export type EventListenerKind = (typeof EVENT_LISTENERS)[number];

/** Times are epoch milliseconds. */
export interface EventCursor {
  readonly listener: EventListenerKind;
  /** The webhook that it belongs to; another one begins anew. */
  readonly listenerId: string;
  /** Everything up to here got through. */
  readonly position: number;
  /** Where the batch that is under way ends: whatever comes meanwhile, a retry carries the same events. */
  readonly batchEnd: number | null;
  readonly replays: number;
  /** That failed since the last success. */
  readonly attempts: number;
  readonly dueAt: number | null;
  readonly failingSince: number | null;
  /** Since when nothing is tried any more. */
  readonly stoppedAt: number | null;
  readonly lastError: string | null;
}

export interface DeliveryFailure {
  /** What it came to: a status, or what kept it from one. */
  readonly error: string;
  /** As the receiver asks for. */
  readonly retryAfterMs: number | undefined;
  /** The receiver wants nothing more. */
  readonly isGone: boolean;
}

/** The longest that a receiver may put a retry off. */
const MAX_RETRY_AFTER_MS = 3_600_000;

const WELL = { attempts: 0, dueAt: null, failingSince: null, stoppedAt: null, lastError: null };

export function newCursor(
  listener: EventListenerKind,
  listenerId: string,
  position: number,
): EventCursor {
  return { listener, listenerId, position, batchEnd: null, replays: 0, ...WELL };
}

export function delivered(cursor: EventCursor): EventCursor {
  return { ...cursor, position: cursor.batchEnd ?? cursor.position, batchEnd: null, ...WELL };
}

/** @param random in [0, 1) */
export function failed(
  cursor: EventCursor,
  { error, retryAfterMs = 0, isGone }: DeliveryFailure,
  now: number,
  random: number,
): EventCursor {
  const attempts = cursor.attempts + 1;
  const failingSince = cursor.failingSince ?? now;
  const isOver = isGone || now - failingSince >= WEBHOOK_GIVE_UP_MS;
  const waitMs = Math.max(backoffMs(attempts, random), Math.min(retryAfterMs, MAX_RETRY_AFTER_MS));
  return {
    ...cursor,
    attempts,
    failingSince,
    lastError: error,
    dueAt: isOver ? null : now + waitMs,
    stoppedAt: isOver ? now : null,
  };
}

/** Goes on at once, with the batch that did not get through. */
export function resumed(cursor: EventCursor): EventCursor {
  return { ...cursor, ...WELL };
}

/** Delivers again what lies after `position`; a batch of before is not taken for its repetition. */
export function replayed(cursor: EventCursor, position: number): EventCursor {
  return { ...cursor, ...WELL, position, batchEnd: null, replays: cursor.replays + 1 };
}

/** One failure is no news, and neither is the next: a receiver that restarts would be one for every session. */
const TOLD_FROM_ATTEMPT = 3;

/** Whether the team is told of it. */
export function isTold({ attempts, stoppedAt }: EventCursor): boolean {
  return attempts >= TOLD_FROM_ATTEMPT || stoppedAt !== null;
}

/** Whether what the team was told has to be told anew. */
export function isNews(before: EventCursor, after: EventCursor): boolean {
  return isTold(before) !== isTold(after) || before.stoppedAt !== after.stoppedAt;
}
