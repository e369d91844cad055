import type { Clock } from "./environment.ts";

/** What `work` brings; rejects when that takes longer than `ms`. What a page hands in may never answer. */
export function within<T>(
  clock: Pick<Clock, "after">,
  ms: number,
  work: () => T | Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new Error(`No answer within ${ms} ms`)));
    Promise.resolve().then(work).then(resolve, reject).finally(cancel);
  });
}
