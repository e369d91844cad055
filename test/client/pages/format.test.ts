import { describe, expect, it } from "vitest";
import { formatDay } from "../../../client/pages/chat/format.ts";

/** Shortly after midnight in the time zone of whoever runs this. */
const NOW = new Date(2026, 5, 15, 0, 30).getTime();

function day(year: number, month: number, date: number, hour = 12): string {
  return formatDay(new Date(year, month - 1, date, hour).getTime(), NOW);
}

describe("formatDay", () => {
  it("counts days by midnights, not by hours", () => {
    expect(day(2026, 6, 15, 0)).toBe("Today");
    expect(day(2026, 6, 14, 23)).toBe("Yesterday");
    expect(day(2026, 6, 14, 0)).toBe("Yesterday");
  });

  it("names the weekday within a week, the date before, and the year where it is another", () => {
    const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long" });
    expect(day(2026, 6, 13)).toBe(weekday.format(new Date(2026, 5, 13)));
    expect(day(2026, 6, 8)).not.toBe(weekday.format(new Date(2026, 5, 8)));
    expect(day(2026, 6, 8)).not.toContain("2026");
    expect(day(2025, 6, 8)).toContain("2025");
  });

  it("takes a clock that runs ahead for today", () => {
    expect(day(2026, 6, 16)).toBe("Today");
  });
});
