import { IndexError } from "./errors.ts";

/** What `work` comes to within `ms`; throws a retryable `IndexError` after that. The work itself is not stopped. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const done = new AbortController();
  const timeout = scheduler.wait(ms, { signal: done.signal }).then(
    () => {
      throw new IndexError(`no answer within ${ms} ms`, { cause: undefined });
    },
    // Aborted: the work was faster, and its outcome is the one that counts.
    () => work,
  );
  try {
    return await Promise.race([work, timeout]);
  } finally {
    // A timer left running would keep an object from hibernating.
    done.abort();
  }
}
