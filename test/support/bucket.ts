/** The Worker's own bucket, out of order. Worker, objects and tests share its prototype; see index-database.ts. */
import { env } from "cloudflare:workers";

const METHODS = ["get", "put", "delete", "list", "head", "createMultipartUpload"] as const;

const bucket = Object.getPrototypeOf(env.BUCKET) as R2Bucket;

/**
 * From now on the calls to the bucket that are meant fail, until the function that is returned is called.
 * @param isMeant of the how many-eth call, from 0
 */
export function breakBucket(
  isMeant: (call: number, method: string) => boolean = () => true,
): () => void {
  let calls = 0;
  return replaceAll(
    (method, original) =>
      async function (this: R2Bucket, ...values: unknown[]) {
        if (isMeant(calls++, method)) throw new Error(`${method}: bucket is down (10001)`);
        return await original.apply(this, values);
      },
  );
}

/** From now on `before` runs before each call to the bucket, until the function that is returned is called. */
export function watchBucket(before: (method: string) => Promise<void> | void): () => void {
  return replaceAll(
    (method, original) =>
      async function (this: R2Bucket, ...values: unknown[]) {
        await before(method);
        return await original.apply(this, values);
      },
  );
}

/** From now on these calls never answer, until the function that is returned is called. */
export function hangBucket(...methods: readonly string[]): () => void {
  return replaceAll((method, original) =>
    methods.includes(method) ? () => new Promise<never>(() => undefined) : original,
  );
}

/**
 * From now on a `put` waits before its bytes are stored, or afterwards, until it is released. Both sides look again and
 * again: who waits for the other's promise would go on in the other's request.
 */
export function holdPuts(when: "before" | "afterwards" = "afterwards"): {
  reached(): Promise<void>;
  release(): void;
} {
  let isReached = false;
  let isReleased = false;
  const restore = replaceAll((method, original) =>
    method === "put"
      ? async function (this: R2Bucket, ...values: unknown[]) {
          const object = when === "afterwards" && (await original.apply(this, values));
          isReached = true;
          while (!isReleased) await scheduler.wait(1);
          return object || (await original.apply(this, values));
        }
      : original,
  );
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

/** From now on every call to the bucket is `around`'s to make, until the function that is returned is called. */
export function interceptBucket(
  around: (call: () => Promise<unknown>) => Promise<unknown>,
): () => void {
  return replaceAll(
    (_, original) =>
      function (this: R2Bucket, ...values: unknown[]) {
        return around(() => original.apply(this, values));
      },
  );
}

type Call = (this: R2Bucket, ...values: unknown[]) => Promise<unknown>;

function replaceAll(replacement: (method: string, original: Call) => Call): () => void {
  const originals = Object.fromEntries(METHODS.map((method) => [method, bucket[method]]));
  Object.assign(
    bucket,
    Object.fromEntries(
      METHODS.map((method) => [method, replacement(method, originals[method] as unknown as Call)]),
    ),
  );
  return () => Object.assign(bucket, originals);
}

/** All that lies in the bucket, keys and contents, in clear also where it is gzipped; as latin1. */
export async function bucketText(prefix = ""): Promise<string> {
  const { objects } = await env.BUCKET.list({ prefix });
  const texts = await Promise.all(
    objects.map(async ({ key }) => {
      const stored = await env.BUCKET.get(key);
      if (stored === null) return key;
      const clear = key.endsWith(".gz")
        ? stored.body.pipeThrough(new DecompressionStream("gzip"))
        : stored.body;
      return `${key}\n${await new Response(clear).text()}`;
    }),
  );
  return texts.join("\n");
}
