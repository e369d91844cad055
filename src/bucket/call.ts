/** A call to the bucket that failed, or that nobody waits for any longer; it may succeed in a while. */
export class BucketError extends Error {
  override readonly name = "BucketError";
}

/** For one call, such as a part of 8 MiB. */
const PATIENCE_MS = 30_000;

/** Awaits a call to the bucket; throws `BucketError`. */
export async function bucketCall<T>(call: Promise<T>): Promise<T> {
  const done = new AbortController();
  const timeout = scheduler.wait(PATIENCE_MS, { signal: done.signal }).then(
    () => {
      throw new BucketError(`no answer within ${PATIENCE_MS} ms`);
    },
    // Aborted: the call was faster, and its outcome is the one that counts.
    () => call,
  );
  try {
    return await Promise.race([call, timeout]);
  } catch (error) {
    if (error instanceof BucketError) throw error;
    throw new BucketError(error instanceof Error ? error.message : String(error), { cause: error });
  } finally {
    // A timer left running would keep an object from hibernating.
    done.abort();
  }
}
