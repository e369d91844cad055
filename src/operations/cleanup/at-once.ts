import { within } from "../../session-index/timeout.ts";
import { MAX_PAUSE_MS, SESSION_TIMEOUT_MS, SESSIONS_AT_ONCE } from "./bounds.ts";

export interface Asked<R> {
  readonly answers: readonly R[];
  /** Of those that failed. */
  readonly errors: readonly unknown[];
  /** Whether all were asked. */
  readonly isDone: boolean;
}

/**
 * What `ask` comes to for each of `items`, some at a time and each within its time, so that a slow one holds up nobody
 * but itself. Nobody is asked any more after `until`, by the clock.
 */
export async function askEach<T, R>(
  items: readonly T[],
  until: number,
  ask: (item: T) => Promise<R>,
): Promise<Asked<R>> {
  const answers: R[] = [];
  const errors: unknown[] = [];
  const queue = items.values();
  const lane = async () => {
    for (const item of queue) {
      const startedAt = performance.now();
      try {
        answers.push(await within(SESSION_TIMEOUT_MS, ask(item)));
      } catch (error) {
        errors.push(error);
      }
      if (Date.now() >= until) return;
      await scheduler.wait(Math.min(performance.now() - startedAt, MAX_PAUSE_MS));
    }
  };
  await Promise.all(Array.from({ length: SESSIONS_AT_ONCE }, lane));
  return { answers, errors, isDone: answers.length + errors.length === items.length };
}
