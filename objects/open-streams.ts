// The answers that are being written in a session, from their first row to their message in the log. Their text is in
// memory, and at most a second older in the row: an answer whose producer calls goes on from there in another life of the
// object, one whose request died with the object ends there.
import { StreamedText } from "../src/domain/streamed-text.ts";
import type { Failure, Result } from "../src/protocol/errors.ts";
import type { DownFrame } from "../src/protocol/frames.ts";
import type { JsonObject } from "../src/protocol/json.ts";
import { STREAM_SILENCE_MS } from "../src/protocol/limits.ts";
import type { Posted } from "./calls.ts";
import { Deltas } from "./deltas.ts";
import type { MessageLog } from "./message-log.ts";
import type { Peer } from "./peer.ts";
import { failureOf } from "./replies.ts";
import type { SessionStore } from "./store.ts";
import type { Stream } from "./stream.ts";
import { StreamSaver } from "./stream-saver.ts";
import type { StreamRecord, StreamStore } from "./stream-store.ts";
import type { Outcome } from "./submission.ts";

/** What becomes of answers, and who hears of it. */
export interface Surroundings {
  readonly store: SessionStore;
  readonly rows: StreamStore;
  readonly log: MessageLog;
  /** Sends to everybody whose history is through. */
  readonly toLive: (frame: DownFrame) => void;
  /** Called when the session waits for something else than before. */
  readonly changed: () => void;
}

/** What is told of an answer that takes nothing more, or of which there is nothing. */
export const ENDED: Failure = { ok: false, code: "stream_ended" };

/** What could not be stored is tried again after this. */
const RETRY_MS = 2_000;

/** Signs of life without text are worth a write only this often. */
const HEARD_PRECISION_MS = STREAM_SILENCE_MS / 5;

export class OpenStreams {
  readonly #around: Surroundings;
  readonly #deltas: Deltas;
  readonly #saver: StreamSaver;
  readonly #streams = new Map<string, Stream>();
  /** Ids of those that ended without a message. */
  readonly #wordless: Set<string>;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#deltas = new Deltas(around.toLive);
    this.#saver = new StreamSaver(around.store, around.rows);
    const { streams, wordless } = around.rows.load();
    this.#wordless = new Set(wordless);
    for (const record of streams) {
      // The request that carried a body's text has died with the object that it was sent to.
      const dueAt = record.source === "body" ? 0 : record.heardAt + STREAM_SILENCE_MS;
      this.#streams.set(record.messageId, newStream(record, dueAt));
    }
  }

  get size(): number {
    return this.#streams.size;
  }

  [Symbol.iterator](): IterableIterator<Stream> {
    return this.#streams.values();
  }

  get(messageId: string): Stream | undefined {
    return this.#streams.get(messageId);
  }

  endedWordless(messageId: string): boolean {
    return this.#wordless.has(messageId);
  }

  /** When the next one ends by itself, if nothing comes. */
  dueAt(): number | undefined {
    const going = [...this].filter((stream) => stream.ending === undefined);
    return going.length === 0 ? undefined : Math.min(...going.map((stream) => stream.dueAt));
  }

  /** Brings a reader whose history is through to where the others are. */
  catchUp(peer: Peer): void {
    for (const stream of this) {
      if (stream.ending === undefined) this.#deltas.catchUp(peer, stream);
    }
  }

  begin(record: StreamRecord): Stream {
    const { rows, store, changed } = this.#around;
    store.transaction(() => {
      if (this.#wordless.size > 0) rows.clearWordless();
      rows.add(record);
    });
    this.#wordless.clear();
    const stream = newStream(record, record.startedAt + STREAM_SILENCE_MS);
    this.#streams.set(record.messageId, stream);
    changed();
    this.#deltas.wake(stream);
    return stream;
  }

  /** Something came from the producer. False if not all of it fits. */
  take(stream: Stream, piece: string, now: number): boolean {
    stream.heardAt = now;
    stream.dueAt = now + STREAM_SILENCE_MS;
    const before = stream.text.text.length;
    const fits = stream.text.append(piece);
    const hasGrown = stream.text.text.length > before;
    if (hasGrown) this.#deltas.wake(stream);
    if (hasGrown || now - stream.storedHeardAt >= HEARD_PRECISION_MS) this.#saver.changed(stream);
    return fits;
  }

  /** Submits it to the log, with `metadata` beside what it began with. */
  end(stream: Stream, metadata: JsonObject | undefined): Promise<Result<Posted>> {
    if (stream.ending !== undefined) return stream.ending;
    const { promise, resolve } = Promise.withResolvers<Result<Posted>>();
    stream.ending = promise;
    this.#deltas.forget(stream);
    this.#saver.forget(stream);
    const content = stream.text.complete();
    if (content === "") {
      this.#discard(stream);
      resolve(ENDED);
    } else {
      this.#around.log.submit({
        sender: { role: "team", credentialId: null, begunInTime: true },
        messages: [messageOf(stream.record, content, metadata)],
        within: ([outcome]) => {
          if (outcome?.kind !== "refused") this.#around.rows.remove(stream.record.messageId);
        },
        settle: ([outcome]) => outcome && resolve(this.#settled(stream, outcome)),
      });
    }
    stream.stop?.();
    return promise;
  }

  #settled(stream: Stream, outcome: Outcome): Result<Posted> {
    const { messageId } = stream.record;
    if (outcome.kind === "refused") {
      if (outcome.code === "unavailable") this.#goOn(stream);
      else this.#discard(stream);
      return failureOf(outcome);
    }
    this.#streams.delete(messageId);
    // Somebody stored another message under the same `clientId` meanwhile.
    if (outcome.kind === "duplicate") this.#around.toLive({ type: "discarded", messageId });
    return { ok: true, message: outcome.message, isNew: outcome.kind === "stored" };
  }

  /** It could not be stored now: who calls may try again, of a body nobody else will. */
  #goOn(stream: Stream): void {
    stream.ending = undefined;
    const retryAt = Date.now() + RETRY_MS;
    stream.dueAt = stream.record.source === "body" ? retryAt : Math.max(stream.dueAt, retryAt);
    // Who came while it was to end has none of it.
    stream.shown = 0;
    this.#deltas.wake(stream);
    this.#saver.changed(stream);
    this.#around.changed();
  }

  /** There will be no message of it. */
  #discard({ record: { messageId } }: Stream): void {
    this.#around.rows.endWordless(messageId);
    this.#streams.delete(messageId);
    this.#wordless.add(messageId);
    this.#around.toLive({ type: "discarded", messageId });
  }
}

function newStream(record: StreamRecord, dueAt: number): Stream {
  const text = new StreamedText(record.text);
  const { heardAt } = record;
  return {
    record,
    text,
    shown: text.length,
    heardAt,
    storedHeardAt: heardAt,
    dueAt,
    stop: undefined,
    ending: undefined,
  };
}

function messageOf(record: StreamRecord, content: string, added: JsonObject | undefined) {
  const { messageId, clientId, conversationId, role, author } = record;
  const metadata = { ...record.metadata, ...added };
  return {
    id: messageId,
    clientId,
    conversationId,
    role,
    content,
    ...(author !== undefined && { author }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
}
