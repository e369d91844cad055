import { indexError } from "./errors.ts";
import { within } from "./timeout.ts";

/** Nobody waits longer for the index than this. */
const PATIENCE_MS = 5_000;

/** Awaits a call to the index; throws `IndexError`. */
export async function run<T>(call: PromiseLike<T>): Promise<T> {
  try {
    return await within(PATIENCE_MS, Promise.resolve(call));
  } catch (error) {
    throw indexError(error);
  }
}
