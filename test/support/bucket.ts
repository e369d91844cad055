/**
 * The Worker's own bucket, out of order or watched. Worker, objects and tests run in one isolate here and share its
 * prototype, so what these functions do to it holds for all three, without a stand-in for the Worker.
 */
import { env } from "cloudflare:workers";

const bucket = Object.getPrototypeOf(env.BUCKET) as R2Bucket;

type Method = "put" | "get" | "delete";

/** From now on these calls fail, or never answer, until the function that is returned is called. */
export function breakBucket(
  methods: readonly Method[] = ["put", "get", "delete"],
  how: "fails" | "hangs" = "fails",
): () => void {
  const act = () =>
    how === "fails"
      ? Promise.reject(new Error("put: We encountered an internal error. (10001)"))
      : new Promise<never>(() => undefined);
  return replace(Object.fromEntries(methods.map((method) => [method, act])));
}

/**
 * From now on a `put` waits before it is through, its bytes stored, until it is released. Both sides look again and again:
 * who waits for the other's promise would go on in the other's request.
 */
export function holdPuts(): { reached(): Promise<void>; release(): void } {
  const { put } = bucket;
  let isReached = false;
  let isReleased = false;
  const restore = replace({
    async put(this: R2Bucket, ...args: Parameters<R2Bucket["put"]>) {
      const object = await put.apply(this, args);
      isReached = true;
      while (!isReleased) await scheduler.wait(1);
      return object;
    },
  });
  return {
    async reached() {
      while (!isReached) await scheduler.wait(1);
    },
    release() {
      restore();
      isReleased = true;
    },
  };
}

function replace(methods: object): () => void {
  const { put, get, delete: remove } = bucket;
  Object.assign(bucket, methods);
  return () => Object.assign(bucket, { put, get, delete: remove });
}
