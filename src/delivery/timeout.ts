import { WEBHOOK_TIMEOUT_MS } from "../protocol/limits.ts";

/** What a receiver comes to that has not answered in time. */
export const TOO_LATE = `no answer within ${WEBHOOK_TIMEOUT_MS / 1000} s`;

/** What `attempt` comes to, or undefined when a receiver's time is up; the signal then tells the attempt. */
export async function inTime<T>(
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const [late, done] = [new AbortController(), new AbortController()];
  const timeout = scheduler.wait(WEBHOOK_TIMEOUT_MS, { signal: done.signal }).then(
    (): undefined => void late.abort(),
    // Aborted: the answer came first.
    () => undefined,
  );
  try {
    return await Promise.race([attempt(late.signal), timeout]);
  } finally {
    // A timer left running would keep an object from hibernating.
    done.abort();
  }
}
