import { UNAVAILABLE } from "../../objects/calls.ts";
import { BucketError } from "../bucket/call.ts";
import { log } from "../log.ts";
import type { Failure } from "../protocol/errors.ts";
import { IndexError } from "../session-index/errors.ts";

/**
 * Runs `call`; when a dependency fails that may be there again in a moment, answers with a value. What an object had
 * acknowledged before it was restarted is stored.
 */
export async function attempt<T>(call: () => Promise<T>): Promise<T | Failure> {
  try {
    return await call();
  } catch (error) {
    if (!mayPass(error)) throw error;
    log.error({ event: "dependency_failed", error: String(error) });
    return UNAVAILABLE;
  }
}

/** The index and the bucket say so themselves; errors on the way to an object carry these marks of the runtime. */
function mayPass(error: unknown): boolean {
  if (error instanceof IndexError) return error.retryable;
  return (
    error instanceof BucketError ||
    (error instanceof Error &&
      ("retryable" in error ||
        "overloaded" in error ||
        "durableObjectReset" in error ||
        isOfOlderCode(error)))
  );
}

/** While a deployment is under way, an object may not have a method yet that a Worker calls. */
function isOfOlderCode({ message }: Error): boolean {
  return message.includes("does not implement the method");
}
