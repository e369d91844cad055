// When backups are made, how long they are kept, and which events one holds. A backup is named by its day in UTC.
import { DAY_MS } from "./day.ts";

/** Backups are kept so long, unless BACKUP_DAYS says otherwise. */
export const DEFAULT_BACKUP_DAYS = 90;

/** An event may reach the index later than it happened, by as much as an outage lasts. */
const LATE_EVENTS_MS = 2 * DAY_MS;

/** The day of a time, as backups are named. */
export function backupDate(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}

/** Whether the backup of `date` has been kept for its `days`, and is not the only hope. */
export function isBackupExpired(date: string, days: number, now: number): boolean {
  return date < backupDate(now - days * DAY_MS);
}

/** From when on a backup holds events, when the one before it holds them until `before`; all, where there is none. */
export function eventsFrom(before: number | undefined): number {
  return before === undefined ? 0 : before - LATE_EVENTS_MS;
}

/** How many days `value` stands for; nonsense is as good as nothing. */
export function backupDays(value: string | undefined): number {
  const days = Number(value ?? DEFAULT_BACKUP_DAYS);
  return Number.isInteger(days) && days > 0 ? days : DEFAULT_BACKUP_DAYS;
}

/**
 * How far numbers of teams are kept free above those of a backup: teams may have been made after it, and their sessions
 * carry their numbers for ever.
 */
export const TEAM_NUMBERS_KEPT_FREE = 1000;
