import { describe, expect, test } from "vitest";
import { backupDate, backupDays, eventsFrom, isBackupExpired } from "../../src/domain/backup.ts";

const DAY_MS = 86_400_000;
const NOON = Date.UTC(2027, 2, 31, 12);

test("a backup is named by its day in UTC", () => {
  expect(backupDate(Date.UTC(2027, 0, 1))).toBe("2027-01-01");
  expect(backupDate(Date.UTC(2027, 0, 1) - 1)).toBe("2026-12-31");
});

test("a backup is kept for its days", () => {
  expect(isBackupExpired("2027-03-30", 1, NOON)).toBe(false);
  expect(isBackupExpired("2027-03-29", 1, NOON)).toBe(true);
  expect(isBackupExpired(backupDate(NOON - 90 * DAY_MS), 90, NOON)).toBe(false);
  expect(isBackupExpired(backupDate(NOON - 91 * DAY_MS), 90, NOON)).toBe(true);
});

test("a backup holds events from well before the one before it ended, the first one all", () => {
  expect(eventsFrom(undefined)).toBe(0);
  expect(eventsFrom(NOON)).toBe(NOON - 2 * DAY_MS);
});

describe("BACKUP_DAYS", () => {
  test.each([
    [undefined, 90],
    ["30", 30],
    ["0", 90],
    ["-1", 90],
    ["many", 90],
    ["1.5", 90],
  ])("%s means %i", (value, days) => {
    expect(backupDays(value)).toBe(days);
  });
});
