// Answers that are being written in a session. Each ends as one message of the log, whole or as far as it came, or without
// a word as none. Its text is in memory, and at most STREAM_STORE_INTERVAL_MS older in its row: an answer whose producer
// calls goes on from there in another life of the object, one whose request died with the object ends there.
import { StreamedText } from "../src/domain/streamed-text.ts";
import { byteLength } from "../src/protocol/bytes.ts";
import type { Failure, Result } from "../src/protocol/errors.ts";
import type { DownFrame } from "../src/protocol/frames.ts";
import type { JsonObject } from "../src/protocol/json.ts";
import {
  MAX_METADATA_BYTES,
  MAX_STREAMS_PER_SESSION,
  STREAM_SILENCE_MS,
  STREAM_STORE_INTERVAL_MS,
} from "../src/protocol/limits.ts";
import type {
  Message,
  MessagePiece,
  NewStreamedMessage,
  StartedMessage,
} from "../src/protocol/message.ts";
import type { Posted } from "./calls.ts";
import { Deltas } from "./deltas.ts";
import { newMessageId } from "./ids.ts";
import type { MessageLog, Outcome } from "./message-log.ts";
import type { MessageStore } from "./message-store.ts";
import type { Peer } from "./peers.ts";
import { failureOf } from "./replies.ts";
import type { SessionState } from "./session-state.ts";
import type { SessionStore } from "./store.ts";
import type { Stream } from "./stream.ts";
import type { StreamRecord, StreamSource, StreamStore } from "./stream-store.ts";

/** What of a session has to do with answers that are being written. */
interface Parts {
  readonly store: SessionStore;
  readonly rows: StreamStore;
  readonly messages: MessageStore;
  readonly log: MessageLog;
  readonly state: SessionState;
  /** Sends to everybody whose history is through. */
  readonly toLive: (frame: DownFrame) => void;
  /** Called when the session waits for something else than before. */
  readonly changed: () => void;
}

const INCOMPLETE: JsonObject = { incomplete: true };
const CANCELLED: JsonObject = { incomplete: true, cancelled: true };

const ENDED: Failure = { ok: false, code: "stream_ended" };
const IN_PROGRESS: Failure = { ok: false, code: "stream_in_progress" };
const TOO_LARGE: Failure = { ok: false, code: "message_too_large" };
const TOO_MANY: Failure = { ok: false, code: "too_many_streams", retryAfterSeconds: 5 };

/** What could not be stored is tried again after this. */
const RETRY_MS = 2_000;

/** Signs of life without text are worth a write only this often. */
const HEARD_PRECISION_MS = STREAM_SILENCE_MS / 5;

type Started =
  | Failure
  | { readonly ok: true; readonly stream: Stream }
  /** It had been written before. */
  | { readonly ok: true; readonly message: Message };

export class Streams {
  readonly #parts: Parts;
  readonly #deltas: Deltas;
  readonly #streams = new Map<string, Stream>();
  /** Ids of those that ended before their first word. */
  readonly #wordless: Set<string>;
  readonly #unstored = new Set<Stream>();
  #isStoring = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#deltas = new Deltas(parts.toLive);
    const { streams, wordless } = parts.rows.load();
    this.#wordless = new Set(wordless);
    for (const record of streams) {
      // The request that carried a body's text has died with the object that it was sent to.
      const dueAt = record.source === "body" ? 0 : record.heardAt + STREAM_SILENCE_MS;
      this.#streams.set(record.messageId, newStream(record, dueAt));
    }
  }

  /** When the next one ends by itself, if nothing comes. */
  dueAt(): number | undefined {
    const going = [...this.#streams.values()].filter((stream) => stream.ending === undefined);
    return going.length === 0 ? undefined : Math.min(...going.map((stream) => stream.dueAt));
  }

  /** Ends those whose producer is gone or silent. */
  endDue(now: number): void {
    for (const stream of this.#streams.values()) {
      if (now >= stream.dueAt) void this.#end(stream, INCOMPLETE);
    }
  }

  /** The session takes nothing more after this: all are submitted to the log as far as they came. */
  endAll(): void {
    for (const stream of this.#streams.values()) void this.#end(stream, INCOMPLETE);
  }

  /** A reader stops an answer. False if it is not being written. */
  cancel(messageId: string): boolean {
    const stream = this.#streams.get(messageId);
    if (stream === undefined || stream.ending !== undefined) return false;
    void this.#end(stream, CANCELLED);
    return true;
  }

  /** A person takes over: what the bot is saying in this conversation ends there. */
  cancelBotAnswers(conversationId: string): void {
    for (const { record } of this.#streams.values()) {
      if (record.role === "assistant" && record.conversationId === conversationId) {
        this.cancel(record.messageId);
      }
    }
  }

  /** A reader's history is through. */
  catchUp(peer: Peer): void {
    for (const stream of this.#streams.values()) {
      if (stream.ending === undefined) this.#deltas.catchUp(peer, stream);
    }
  }

  /** An answer whose text is `body`; settles when it has become a message. */
  async fromBody(
    message: NewStreamedMessage,
    body: ReadableStream<Uint8Array>,
  ): Promise<Result<Posted>> {
    const started = await this.#start(message, "body");
    if (!("stream" in started)) {
      void body.cancel().catch(() => undefined);
      return started.ok ? { ...started, isNew: false } : started;
    }
    const { stream } = started;
    const reader = body.getReader();
    // The reading may hang on a source that says nothing; the answer does not wait for it.
    const stopped = Promise.withResolvers<{ readonly done: true; readonly value?: undefined }>();
    stream.stop = () => {
      stopped.resolve({ done: true });
      void reader.cancel().catch(() => undefined);
    };
    const decoder = new TextDecoder();
    try {
      for (;;) {
        const { done, value } = await Promise.race([reader.read(), stopped.promise]);
        if (stream.ending !== undefined) return await stream.ending;
        const fits = this.#take(stream, decoder.decode(value, { stream: !done }));
        if (!fits) return await this.#tooLarge(stream);
        if (done) return await this.#end(stream, undefined);
      }
    } catch {
      return await this.#end(stream, INCOMPLETE);
    }
  }

  /** Begins an answer whose text comes by calls, or finds the one that was begun under the same `clientId`. */
  async start(message: NewStreamedMessage): Promise<Result<StartedMessage>> {
    const started = await this.#start(message, "calls");
    if (!("stream" in started)) return started;
    const { record, text } = started.stream;
    return { ok: true, messageId: record.messageId, length: text.length };
  }

  /** Adds text at `offset`; what is there already is not added twice. */
  async append(
    messageId: string,
    { offset, text }: MessagePiece,
  ): Promise<Result<{ readonly length: number }>> {
    const stream = this.#streams.get(messageId);
    if (stream === undefined) return this.#goneBy(messageId);
    if (stream.record.source === "body") return IN_PROGRESS;
    if (stream.ending !== undefined) return ENDED;
    const { length } = stream.text;
    if (offset > length) {
      return { ok: false, code: "stream_gap", message: `The text ends at ${length}.` };
    }
    const fits = this.#take(stream, text.slice(length - offset));
    return fits ? { ok: true, length: stream.text.length } : await this.#tooLarge(stream);
  }

  /** Ends an answer; one that has ended is told as it is. */
  async finish(
    messageId: string,
    metadata: JsonObject | undefined,
  ): Promise<Result<{ readonly message: Message }>> {
    const stream = this.#streams.get(messageId);
    if (stream === undefined) {
      const message = this.#messageOf(messageId);
      return message === undefined ? this.#goneBy(messageId) : { ok: true, message };
    }
    if (stream.record.source === "body") return IN_PROGRESS;
    if (weight({ ...stream.record.metadata, ...metadata }) > MAX_METADATA_BYTES) return TOO_LARGE;
    const posted = await this.#end(stream, metadata);
    return posted.ok ? { ok: true, message: posted.message } : posted;
  }

  async #start(message: NewStreamedMessage, source: StreamSource): Promise<Started> {
    const { rows, messages, log, state, store } = this.#parts;
    const { clientId } = message;
    const same = [...this.#streams.values()].find((one) => one.record.clientId === clientId);
    if (same?.ending !== undefined) {
      const posted = await same.ending;
      return posted.ok ? { ok: true, message: posted.message } : posted;
    }
    const isResumed = source === "calls" && same?.record.source === "calls";
    if (same !== undefined) return isResumed ? { ok: true, stream: same } : IN_PROGRESS;
    const stored = messages.byClientId("team", clientId);
    if (stored !== undefined) return { ok: true, message: stored };
    if (this.#streams.size >= MAX_STREAMS_PER_SESSION) return TOO_MANY;
    const now = Date.now();
    const marked = { ...message.metadata, ...CANCELLED };
    const refusal = log.refusal({ ...message, content: "", metadata: marked }, now);
    if (refusal !== undefined) return { ok: false, code: refusal };
    const record: StreamRecord = {
      messageId: newMessageId(log.head.lastSeq + 1),
      clientId,
      conversationId: message.conversationId ?? state.record.defaultConversationId,
      role: message.role ?? "assistant",
      author: message.author,
      metadata: message.metadata,
      source,
      text: "",
      startedAt: now,
      heardAt: now,
    };
    store.transaction(() => {
      if (this.#wordless.size > 0) rows.clearWordless();
      rows.add(record);
    });
    this.#wordless.clear();
    const stream = newStream(record, now + STREAM_SILENCE_MS);
    this.#streams.set(record.messageId, stream);
    this.#parts.changed();
    this.#deltas.wake(stream);
    return { ok: true, stream };
  }

  /** Something came from the producer. False if not all of it fits. */
  #take(stream: Stream, piece: string): boolean {
    const now = Date.now();
    stream.heardAt = now;
    stream.dueAt = now + STREAM_SILENCE_MS;
    const before = stream.text.text.length;
    const fits = stream.text.append(piece);
    const hasGrown = stream.text.text.length > before;
    if (hasGrown) this.#deltas.wake(stream);
    if (hasGrown || now - stream.storedHeardAt >= HEARD_PRECISION_MS) this.#storeSoon(stream);
    return fits;
  }

  #storeSoon(stream: Stream): void {
    this.#unstored.add(stream);
    if (this.#isStoring) return;
    this.#isStoring = true;
    setTimeout(() => this.#storeAll(), STREAM_STORE_INTERVAL_MS);
  }

  #storeAll(): void {
    this.#isStoring = false;
    const unstored = [...this.#unstored];
    this.#unstored.clear();
    try {
      this.#parts.store.transaction(() => {
        for (const { record, text, heardAt } of unstored) {
          this.#parts.rows.save(record.messageId, text.text, heardAt);
        }
      });
      for (const stream of unstored) stream.storedHeardAt = stream.heardAt;
    } catch (error) {
      console.error({ event: "stream_store_failed", error: String(error) });
      for (const stream of unstored) this.#storeSoon(stream);
    }
  }

  async #tooLarge(stream: Stream): Promise<Failure> {
    const posted = await this.#end(stream, INCOMPLETE);
    return posted.ok ? TOO_LARGE : posted;
  }

  /** Submits it to the log, with `metadata` beside what it began with. */
  #end(stream: Stream, metadata: JsonObject | undefined): Promise<Result<Posted>> {
    if (stream.ending !== undefined) return stream.ending;
    const { promise, resolve } = Promise.withResolvers<Result<Posted>>();
    stream.ending = promise;
    this.#deltas.forget(stream);
    this.#unstored.delete(stream);
    const { record } = stream;
    const { messageId, clientId, conversationId, role, author } = record;
    const content = stream.text.complete();
    if (content === "") {
      this.#discard(stream);
      resolve(ENDED);
    } else {
      const all = { ...record.metadata, ...metadata };
      this.#parts.log.submit({
        sender: { role: "team", credentialId: null, begunInTime: true },
        messages: [
          {
            id: messageId,
            clientId,
            conversationId,
            role,
            content,
            ...(author !== undefined && { author }),
            ...(Object.keys(all).length > 0 && { metadata: all }),
          },
        ],
        within: ([outcome]) => {
          if (outcome?.kind !== "refused") this.#parts.rows.remove(messageId);
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
      if (outcome.code !== "unavailable") this.#discard(stream);
      else {
        stream.ending = undefined;
        if (stream.record.source === "body") stream.dueAt = Date.now() + RETRY_MS;
        this.#storeSoon(stream);
        this.#parts.changed();
      }
      return failureOf(outcome);
    }
    this.#streams.delete(messageId);
    // Somebody stored another message under the same `clientId` meanwhile.
    if (outcome.kind === "duplicate") this.#parts.toLive({ type: "discarded", messageId });
    return { ok: true, message: outcome.message, isNew: outcome.kind === "stored" };
  }

  /** There will be no message of it. */
  #discard({ record: { messageId } }: Stream): void {
    this.#parts.rows.endWordless(messageId);
    this.#streams.delete(messageId);
    this.#wordless.add(messageId);
    this.#parts.toLive({ type: "discarded", messageId });
  }

  #messageOf(messageId: string) {
    const message = this.#parts.messages.byId(messageId);
    return message?.role === "user" ? undefined : message;
  }

  /** Why nothing can be added to an answer that is not being written. */
  #goneBy(messageId: string): Failure {
    const isEnded = this.#wordless.has(messageId) || this.#messageOf(messageId) !== undefined;
    return isEnded ? ENDED : { ok: false, code: "message_not_found" };
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

function weight(metadata: JsonObject): number {
  return byteLength(JSON.stringify(metadata));
}
