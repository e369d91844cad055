// Lines as a stream of bytes, made no faster than they are read.
import { encodeLines } from "../src/bucket/lines.ts";
import { log } from "../src/log.ts";
import { withTimeout } from "../src/timeout.ts";

/** Whoever reads nothing for so long has gone: a stream that waits keeps its object awake. */
const PATIENCE_MS = 60_000;

/** @returns the bytes, and when all is over: read, given up, or failed. A failure breaks the stream off. */
export function streamLines(batches: AsyncGenerator<readonly string[], void, undefined>): {
  readonly stream: ReadableStream<Uint8Array>;
  readonly done: Promise<void>;
} {
  const { readable, writable } = new IdentityTransformStream();
  return { stream: readable, done: pump(batches, writable) };
}

async function pump(
  batches: AsyncGenerator<readonly string[], void, undefined>,
  writable: WritableStream<Uint8Array>,
): Promise<void> {
  const writer = writable.getWriter();
  try {
    for await (const lines of batches) {
      if (lines.length > 0) await inTime(writer.write(encodeLines(lines)));
    }
    await inTime(writer.close());
  } catch (error) {
    // The reader's, who has gone, or ours: either way it ends without its last line.
    log.warn({ event: "export_broke_off", error: String(error) });
    await writer.abort(error).catch(() => undefined);
  }
}

function inTime(written: Promise<void>): Promise<void> {
  return withTimeout(PATIENCE_MS, written, () => new Error(`nobody read for ${PATIENCE_MS} ms`));
}
