import { vi } from "vitest";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** Moves the clock of the Worker, its objects and the test; it stands still then. `vi.useRealTimers()` puts it back. */
export function moveClock(byMs: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + byMs });
}
