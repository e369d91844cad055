import { vi } from "vitest";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** Moves the clock of the Worker, its objects and the test; it stands still then. `vi.useRealTimers()` puts it back. */
export function moveClock(byMs: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + byMs });
}

/** The clock stands at `start`, and what is logged of the faults that follow is not shown; `vi` restores both. */
export function beginAt(start: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
  for (const level of ["warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
}
