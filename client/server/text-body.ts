// An answer that is being written, as the body of a request: read no faster than it is sent, and let go of as soon as
// nobody wants the rest.

/** Text as it comes: a generator, a model's stream. Bytes are UTF-8. */
export type TextSource =
  | AsyncIterable<string | Uint8Array>
  | ReadableStream<string>
  | ReadableStream<Uint8Array>;

export interface TextBody {
  readonly stream: ReadableStream<Uint8Array>;
  /** Nobody wants the rest: the source, unless it has ended, is told by `return()` or `cancel()`, and the body ends. */
  stop(): void;
}

interface Chunks {
  next(): Promise<{ done?: boolean | undefined; value?: string | Uint8Array | undefined }>;
  stop(): Promise<unknown>;
}

/**
 * Text as the stream of bytes that `streamMessage` of a service binding takes: between Workers go bytes alone. What the
 * other side cancels is let go of, by `return()` or `cancel()`.
 */
export function textStream(source: TextSource): ReadableStream<Uint8Array> {
  return textBody(source, undefined, (error, stream) => stream.error(error)).stream;
}

/**
 * No text, but bytes: Node sends a request's head together with its first bytes, and with the head the answer is pending
 * for its readers, however long its first word takes.
 */
export const BYTE_ORDER_MARK: Uint8Array<ArrayBuffer> = new Uint8Array([0xef, 0xbb, 0xbf]);

/**
 * @param opening comes first, at once
 * @param failed called when the source throws; the stream itself then neither ends nor fails
 */
export function textBody(
  source: TextSource,
  opening: Uint8Array<ArrayBuffer> | undefined,
  failed: (error: unknown, stream: ReadableStreamDefaultController<Uint8Array>) => void,
): TextBody {
  const chunks = chunksOf(source);
  const encode = textEncoding();
  let isOver = false;
  let controller: ReadableStreamDefaultController<Uint8Array>;

  const stop = (): void => {
    if (isOver) return;
    isOver = true;
    // A generator hears of it at its next `yield`, which may be long: nobody waits for that, nor for what it throws then.
    chunks.stop().catch(() => {});
    controller.close();
  };

  /** One piece of the source, and whether there was any to send; an empty chunk would end the request. */
  const sendNext = async (): Promise<boolean> => {
    const { done, value } = await chunks.next();
    if (isOver) return true;
    const bytes = encode(done ? undefined : value);
    if (bytes.length > 0) controller.enqueue(bytes);
    if (!done) return bytes.length > 0;
    isOver = true;
    controller.close();
    return true;
  };

  const stream = new ReadableStream<Uint8Array>(
    {
      start(started) {
        controller = started;
        if (opening !== undefined) started.enqueue(opening);
      },
      async pull() {
        try {
          while (!(await sendNext())) {}
        } catch (error) {
          if (isOver) return;
          isOver = true;
          failed(error, controller);
        }
      },
      cancel() {
        if (isOver) return;
        isOver = true;
        chunks.stop().catch(() => {});
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, stop };
}

function chunksOf(source: TextSource): Chunks {
  // Not every runtime's streams can be iterated.
  if ("getReader" in source) {
    const reader: ReadableStreamDefaultReader<string | Uint8Array> = source.getReader();
    return { next: () => reader.read(), stop: () => reader.cancel() };
  }
  const iterator = source[Symbol.asyncIterator]();
  return { next: () => iterator.next(), stop: async () => iterator.return?.() };
}

/** From text to UTF-8, piece by piece: a character that is cut in two between pieces stays whole. Undefined is the end. */
function textEncoding(): (piece: string | Uint8Array | undefined) => Uint8Array {
  const utf8 = new TextEncoder();
  let half = "";
  return (piece) => {
    if (piece instanceof Uint8Array) return piece;
    const text = half + (piece ?? "");
    const isCut = piece !== undefined && /[\uD800-\uDBFF]$/.test(text);
    half = isCut ? text.slice(-1) : "";
    return utf8.encode(isCut ? text.slice(0, -1) : text);
  };
}
