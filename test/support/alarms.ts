// Alarms under a clock that is moved by hand: run when they are due, as the platform would.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";
import { objectOf } from "./object-of.ts";

export function alarmAt(sessionId: string): Promise<number | null> {
  return runInDurableObject(objectOf(sessionId), (_, { storage }) => storage.getAlarm());
}

/** Runs every alarm that is due by `until`, each at its time, and leaves the clock there. Returns how many ran. */
export async function runAlarms(sessionId: string, until: number): Promise<number> {
  let runs = 0;
  for (
    let due = await alarmAt(sessionId);
    due !== null && due <= until;
    due = await alarmAt(sessionId)
  ) {
    vi.setSystemTime(Math.max(due, Date.now()));
    await runDurableObjectAlarm(objectOf(sessionId));
    runs++;
  }
  vi.setSystemTime(until);
  return runs;
}
