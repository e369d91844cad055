// The bytes of an upload on their way into the bucket: the first are looked at, none is kept longer than it takes to pass on.
import { bucketCall } from "../bucket/call.ts";
import { UPLOAD_TIMEOUT_MS } from "../protocol/limits.ts";

/** The body broke off, or was not of the length that it was said to be. */
class Interrupted extends Error {
  override readonly name = "Interrupted";
}

export class UploadBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** What was looked at, and has yet to be passed on. */
  readonly #ahead: Uint8Array[] = [];

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
  }

  /** The first bytes, as many as `count` if there are so many; undefined where the body breaks off before. */
  async head(count: number): Promise<Uint8Array | undefined> {
    const head = new Uint8Array(count);
    let length = 0;
    try {
      while (length < count) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.#ahead.push(value);
        head.set(value.subarray(0, count - length), length);
        length = Math.min(count, length + value.length);
      }
    } catch {
      return undefined;
    }
    return head.subarray(0, length);
  }

  /**
   * Stores all of it, `size` bytes, under `key`; false where the body did not come whole. Throws what the bucket throws. Either
   * way the bucket is through with it.
   */
  async store(bucket: Pick<R2Bucket, "put">, key: string, size: number): Promise<boolean> {
    // The bucket wants to know the length before the first byte.
    const { readable, writable } = new FixedLengthStream(size);
    const writer = writable.getWriter();
    const put = bucket.put(key, readable);
    try {
      await Promise.all([
        put,
        // From the last byte on the bucket has no longer than for any call.
        this.#passOn(writer, size).then(() => bucketCall(put)),
      ]);
      return true;
    } catch (error) {
      this.cancel();
      await writer.abort(error).catch(() => undefined);
      await bucketCall(put).catch(() => undefined);
      if (error instanceof Interrupted) return false;
      throw error;
    }
  }

  /** Nobody reads the rest. */
  cancel(): void {
    void this.#reader.cancel().catch(() => undefined);
  }

  async #passOn(writer: WritableStreamDefaultWriter<Uint8Array>, size: number): Promise<void> {
    const until = Date.now() + UPLOAD_TIMEOUT_MS;
    let length = 0;
    for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) {
      length += chunk.length;
      if (length > size || Date.now() > until)
        throw new Interrupted("not as long as it was said to be");
      await writer.write(chunk);
    }
    if (length < size) throw new Interrupted("not as long as it was said to be");
    await writer.close();
  }

  async #next(): Promise<Uint8Array | undefined> {
    const looked = this.#ahead.shift();
    if (looked !== undefined) return looked;
    try {
      return (await this.#reader.read()).value;
    } catch (cause) {
      throw new Interrupted("the body broke off", { cause });
    }
  }
}
