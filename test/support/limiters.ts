/** Limiter objects out of order: really so, since Worker, objects and tests share an isolate here. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { LimiterObject } from "../../objects/limiter.ts";

/** From now on no limiter can write down what it counts, until the function that is returned is called. */
export async function breakLimiters(): Promise<() => void> {
  const probe = env.LIMITERS.getByName("probe");
  const kv = await runInDurableObject(
    probe,
    (_, { storage }) => Object.getPrototypeOf(storage.kv) as SyncKvStorage,
  );
  const { put } = kv;
  Object.assign(kv, {
    put() {
      throw new Error("disk I/O error: SQLITE_IOERR");
    },
  });
  return () => Object.assign(kv, { put });
}

/** From now on every limiter takes `ms` to answer, until the function that is returned is called. */
export function slowLimiters(ms: number): () => void {
  const { take } = LimiterObject.prototype;
  LimiterObject.prototype.take = async function (this: LimiterObject, ...asked) {
    await scheduler.wait(ms);
    return await take.apply(this, asked);
  };
  return () => {
    LimiterObject.prototype.take = take;
  };
}
