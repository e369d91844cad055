import type { Accessor } from "solid-js";
import { createEffect, untrack } from "solid-js";

/**
 * Does the work once the page is mounted, or hydrated, and again whenever `source` changes; never in server rendering.
 *
 * Solid 2.0 calls the second function after the first. Solid 1.9 calls only the first, and hands it the second as the
 * value of the run before: that is how it is known here.
 */
export function afterMount(source: Accessor<unknown>, work: () => void): void {
  createEffect((previous: unknown): unknown => {
    source();
    if (previous === work) {
      untrack(work);
    }
    return previous;
  }, work);
}
