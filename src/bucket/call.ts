import { withTimeout } from "../timeout.ts";

/** A call to the bucket that failed, or that nobody waits for any longer; it may succeed in a while. */
export class BucketError extends Error {
  override readonly name = "BucketError";
}

/** For one call, such as a part of 8 MiB. */
const DEFAULT_TIMEOUT_MS = 30_000;

/** Awaits a call to the bucket; throws `BucketError`. */
export async function bucketCall<T>(
  call: Promise<T>,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): Promise<T> {
  const late = () => new BucketError(`no answer within ${timeoutMs} ms`);
  try {
    return await withTimeout(timeoutMs, call, late);
  } catch (error) {
    if (error instanceof BucketError) throw error;
    throw new BucketError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
