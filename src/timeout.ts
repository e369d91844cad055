/** What `work` comes to within `ms`; throws what `late` makes after that. The work itself is not stopped. */
export async function withTimeout<T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  const done = new AbortController();
  const timeout = scheduler.wait(ms, { signal: done.signal }).then(
    () => {
      throw late();
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
