// Figures for whoever operates a deployment. Workers share no memory: each figure says where it comes from.
import type { CleanupResult } from "./lifecycle.ts";

export interface Figure<T> {
  /** Null where its source did not answer. */
  readonly value: T | null;
  /** Where it was read. */
  readonly source: string;
  /** When; ISO 8601, UTC. */
  readonly at: string;
}

export interface CleanupRunFigure extends CleanupResult {
  readonly startedAt: string;
  readonly durationMs: number;
}

export interface SessionTotals {
  readonly total: number;
  readonly active: number;
  readonly expired: number;
  readonly terminated: number;
  /** Of the total, those whose data is gone. */
  readonly purged: number;
}

export interface Metrics {
  /** Changes that the index has yet to hear of, of sessions whose writes to it go on failing. */
  readonly outboxDepth: Figure<number>;
  readonly sessionsBehindIndex: Figure<number>;
  /** For how long the index has not heard of the oldest of them; 0 where it has of all. */
  readonly indexLagSeconds: Figure<number>;
  /** For how long the webhook that has failed longest has. */
  readonly webhookLagSeconds: Figure<number>;
  /** The same of the Worker that is bound as `APP`. */
  readonly appLagSeconds: Figure<number>;
  /** Events that wait for either. */
  readonly eventsWaiting: Figure<number>;
  /** Sessions whose events do not get through to their team's webhook, and those that stopped trying. */
  readonly webhookFailures: Figure<{ readonly failing: number; readonly stopped: number }>;
  /** Alarms that failed and were run again, in a day. */
  readonly alarmRetries: Figure<number>;
  /** Of all teams. */
  readonly sessions: Figure<SessionTotals>;
  /** The latest runs first. */
  readonly cleanupRuns: Figure<readonly CleanupRunFigure[]>;
}
