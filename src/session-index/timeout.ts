import { withTimeout } from "../timeout.ts";
import { IndexError } from "./errors.ts";

/** What `work` comes to within `ms`; throws a retryable `IndexError` after that. The work itself is not stopped. */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = () => new IndexError(`no answer within ${ms} ms`, { cause: undefined });
  return withTimeout(ms, work, late);
}
