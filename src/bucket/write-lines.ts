// Lines of text on their way into the bucket, gzipped, as they come: no more than a part of them is ever in memory.
import { bucketCall } from "./call.ts";
import { encodeLines, LineDigest, type LinesDigest } from "./lines.ts";

/** R2 wants all parts of one object to be equally large, but for the last, and at least 5 MiB. */
const PART_BYTES = 8 * 1024 * 1024;

const OPTIONS: R2PutOptions & R2MultipartOptions = {
  httpMetadata: { contentType: "application/gzip" },
};

/**
 * Stores `batches` of lines under `key`, in place of what is there; on failure, what is there stays. Throws
 * `BucketError`, and what `batches` throws.
 */
export async function writeLines(
  bucket: R2Bucket,
  key: string,
  batches: AsyncIterable<readonly string[]>,
): Promise<LinesDigest> {
  const gzip = new CompressionStream("gzip");
  const fed = feed(gzip.writable, batches);
  const stored = store(bucket, key, gzip.readable);
  try {
    const [digest] = await Promise.all([fed, stored]);
    return digest;
  } finally {
    // Each fails when the other does; what it began is undone by then.
    await Promise.allSettled([fed, stored]);
  }
}

async function feed(
  writable: WritableStream<Uint8Array>,
  batches: AsyncIterable<readonly string[]>,
): Promise<LinesDigest> {
  const writer = writable.getWriter();
  const digest = new LineDigest();
  let lines = 0;
  try {
    for await (const batch of batches) {
      if (batch.length === 0) continue;
      const bytes = encodeLines(batch);
      await digest.add(bytes);
      await writer.write(bytes);
      lines += batch.length;
    }
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    await digest.drop(error);
    throw error;
  }
  return { lines, sha256: await digest.hex() };
}

async function store(
  bucket: R2Bucket,
  key: string,
  compressed: ReadableStream<Uint8Array>,
): Promise<void> {
  const reader = compressed.getReader();
  const waiting = new Pending();
  const parts: R2UploadedPart[] = [];
  let upload: R2MultipartUpload | undefined;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      waiting.add(value);
      // Strictly more, so that something is left for the last.
      while (waiting.bytes > PART_BYTES) {
        upload ??= await bucketCall(bucket.createMultipartUpload(key, OPTIONS));
        const part = upload.uploadPart(parts.length + 1, waiting.take(PART_BYTES));
        parts.push(await bucketCall(part));
      }
    }
    const rest = waiting.take(waiting.bytes);
    if (upload === undefined) await bucketCall(bucket.put(key, rest, OPTIONS));
    else {
      parts.push(await bucketCall(upload.uploadPart(parts.length + 1, rest)));
      await bucketCall(upload.complete(parts));
    }
  } catch (error) {
    await reader.cancel(error).catch(() => undefined);
    // One that cannot be aborted, R2 lets go of by itself after a week.
    if (upload !== undefined) await bucketCall(upload.abort()).catch(() => undefined);
    throw error;
  }
}

/** Bytes that have come and wait for enough of them. */
class Pending {
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
  }

  take(bytes: number): Uint8Array {
    const taken = new Uint8Array(bytes);
    let at = 0;
    while (at < bytes) {
      const [first = new Uint8Array(0)] = this.#chunks;
      const piece = first.subarray(0, bytes - at);
      taken.set(piece, at);
      at += piece.byteLength;
      if (piece.byteLength === first.byteLength) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(piece.byteLength);
    }
    this.#bytes -= bytes;
    return taken;
  }
}
