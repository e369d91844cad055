// What of a session does not come through, for whoever operates the deployment: what it is, and for how long word of it
// is good. Sessions share no memory; what they report is all that anybody knows of it together.
import { DAY_MS } from "./day.ts";

/** The index is behind; what listens does not take its events; an alarm had to be run again. */
export const TROUBLES = ["index", "webhook", "app", "alarm"] as const;
export type Trouble = (typeof TROUBLES)[number];

/** All of them are reported to one object, of this name. */
export const MONITOR_NAME = "all";

export interface TroubleReport {
  readonly kind: Trouble;
  /** Epoch milliseconds: when it began to fail, as far as the session remembers. */
  readonly since: number;
  /** Changes that the index has yet to hear of, or events that wait. */
  readonly waiting: number;
}

/** Once or twice is no news: whatever restarts would be one for every session. */
export const REPORTED_FROM_ATTEMPT = 3;

/** One session reports the same at most so often. */
export const REPORT_INTERVAL_MS = 60_000;

/** Retries are at most an hour apart: whoever has not been heard of for longer is well, or gone. */
const HEARD_WITHIN_MS = 2 * 3_600_000;

/** How long a report is good; one of an alarm, which is no state but happens, for a day. */
export function reportTtlMs(kind: Trouble): number {
  return kind === "alarm" ? DAY_MS : HEARD_WITHIN_MS;
}
