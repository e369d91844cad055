// Lines of text that are gzipped in the bucket, as they come.
import { BucketError, bucketCall } from "./call.ts";
import { LineDigest, type LinesDigest } from "./lines.ts";

/** What is stored under `key`; undefined where nothing is. Throws `BucketError`. */
export async function openLines(
  bucket: R2Bucket,
  key: string,
): Promise<ReadableStream<Uint8Array> | undefined> {
  return (await bucketCall(bucket.get(key)))?.body;
}

/**
 * The lines, some at a time; whoever wants no more of them returns, and no more is read. Throws `BucketError`, also for
 * what is not gzip, or is only a part of it.
 */
export async function* readLines(
  stored: ReadableStream<Uint8Array>,
): AsyncGenerator<readonly string[], void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of unzipped(stored)) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (lines.length > 0) yield lines;
  }
  if (rest !== "") throw new BucketError("the last line has no end");
}

/** What is stored, by reading all of it. Throws `BucketError`. */
export async function digestOf(stored: ReadableStream<Uint8Array>): Promise<LinesDigest> {
  const digest = new LineDigest();
  let lines = 0;
  try {
    for await (const bytes of unzipped(stored)) {
      await digest.add(bytes);
      for (const byte of bytes) if (byte === LINE_FEED) lines++;
    }
  } catch (error) {
    await digest.drop(error);
    throw error;
  }
  return { lines, sha256: await digest.hex() };
}

const LINE_FEED = 0x0a;

async function* unzipped(
  stored: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stored.pipeThrough(new DecompressionStream("gzip")).getReader();
  try {
    for (;;) {
      const { done, value } = await bucketCall(reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
