// What can be done with answers that are being written in a session: by who writes them, in one request's body or by calls,
// by a reader who stops them, and by the session when it ends.
import { byteLength } from "../src/protocol/bytes.ts";
import type { Failure, Result } from "../src/protocol/errors.ts";
import type { JsonObject } from "../src/protocol/json.ts";
import { MAX_METADATA_BYTES, MAX_STREAMS_PER_SESSION } from "../src/protocol/limits.ts";
import type {
  Message,
  MessagePiece,
  NewStreamedMessage,
  StartedMessage,
} from "../src/protocol/message.ts";
import type { Posted } from "./calls.ts";
import { newMessageId } from "./ids.ts";
import type { MessageStore } from "./message-store.ts";
import { ENDED, OpenStreams, type Surroundings } from "./open-streams.ts";
import type { Peer } from "./peer.ts";
import type { SessionState } from "./session-state.ts";
import type { Stream } from "./stream.ts";
import type { StreamSource } from "./stream-store.ts";

/** What of a session has to do with answers that are being written. */
interface Parts extends Surroundings {
  readonly messages: MessageStore;
  readonly state: SessionState;
}

const INCOMPLETE: JsonObject = { incomplete: true };
const CANCELLED: JsonObject = { incomplete: true, cancelled: true };

const IN_PROGRESS: Failure = { ok: false, code: "stream_in_progress" };
const TOO_LARGE: Failure = { ok: false, code: "message_too_large" };
const TOO_MANY: Failure = { ok: false, code: "too_many_streams", retryAfterSeconds: 5 };

type Started =
  | Failure
  | { readonly ok: true; readonly stream: Stream }
  /** It had been written before. */
  | { readonly ok: true; readonly message: Message };

export class Streams {
  readonly #parts: Parts;
  readonly #open: OpenStreams;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#open = new OpenStreams(parts);
  }

  /** When the next one ends by itself, if nothing comes. */
  dueAt(): number | undefined {
    return this.#open.dueAt();
  }

  /** Ends those whose producer is gone or silent. */
  endDue(now: number): void {
    for (const stream of this.#open) {
      if (now >= stream.dueAt) void this.#open.end(stream, INCOMPLETE);
    }
  }

  /** The session takes nothing more after this: all are submitted to the log as far as they came. */
  endAll(): void {
    for (const stream of this.#open) void this.#open.end(stream, INCOMPLETE);
  }

  /** A reader stops an answer. False if it is not being written. */
  cancel(messageId: string): boolean {
    const stream = this.#open.get(messageId);
    if (stream === undefined || stream.ending !== undefined) return false;
    void this.#open.end(stream, CANCELLED);
    return true;
  }

  /** A person takes over: what the bot is saying in this conversation ends there. */
  cancelBotAnswers(conversationId: string): void {
    for (const { record } of this.#open) {
      if (record.role === "assistant" && record.conversationId === conversationId) {
        this.cancel(record.messageId);
      }
    }
  }

  /** A reader's history is through. */
  catchUp(peer: Peer): void {
    this.#open.catchUp(peer);
  }

  /** An answer whose text is `body`; settles when it has become a message. */
  async fromBody(
    message: NewStreamedMessage,
    body: ReadableStream<Uint8Array>,
  ): Promise<Result<Posted>> {
    const started = await this.#start(message, "body");
    if (!("stream" in started)) return started.ok ? { ...started, isNew: false } : started;
    const { stream } = started;
    const reader = body.getReader();
    // The reading may hang on a source that says nothing; the answer does not wait for it.
    const stopped = Promise.withResolvers<never>();
    stream.stop = () => {
      stopped.reject(new Error("stopped"));
      void reader.cancel().catch(() => undefined);
    };
    const decoder = new TextDecoder();
    try {
      for (;;) {
        const { done, value } = await Promise.race([reader.read(), stopped.promise]);
        if (stream.ending !== undefined) return await stream.ending;
        const piece = decoder.decode(value, { stream: !done });
        if (!this.#open.take(stream, piece, Date.now())) return await this.#tooLarge(stream);
        if (done) return await this.#open.end(stream, undefined);
      }
    } catch {
      // Its source broke off, or it was stopped: then this is how it ended, or its second try where nothing could be stored.
      return await this.#open.end(stream, INCOMPLETE);
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
    const stream = this.#open.get(messageId);
    if (stream === undefined) return this.#goneBy(messageId);
    if (stream.record.source === "body") return IN_PROGRESS;
    if (stream.ending !== undefined) return ENDED;
    const { length } = stream.text;
    if (offset > length) {
      return { ok: false, code: "stream_gap", message: `The text ends at ${length}.` };
    }
    const fits = this.#open.take(stream, text.slice(length - offset), Date.now());
    return fits ? { ok: true, length: stream.text.length } : await this.#tooLarge(stream);
  }

  /** Ends an answer; one that has ended is told as it is. */
  async finish(
    messageId: string,
    metadata: JsonObject | undefined,
  ): Promise<Result<{ readonly message: Message }>> {
    const stream = this.#open.get(messageId);
    if (stream === undefined) {
      const message = this.#messageOf(messageId);
      return message === undefined ? this.#goneBy(messageId) : { ok: true, message };
    }
    if (stream.record.source === "body") return IN_PROGRESS;
    const all = { ...stream.record.metadata, ...metadata };
    if (byteLength(JSON.stringify(all)) > MAX_METADATA_BYTES) return TOO_LARGE;
    const posted = await this.#open.end(stream, metadata);
    return posted.ok ? { ok: true, message: posted.message } : posted;
  }

  async #start(message: NewStreamedMessage, source: StreamSource): Promise<Started> {
    const { messages, log, state } = this.#parts;
    const { clientId } = message;
    const same = [...this.#open].find((one) => one.record.clientId === clientId);
    if (same?.ending !== undefined) {
      const posted = await same.ending;
      return posted.ok ? { ok: true, message: posted.message } : posted;
    }
    const isResumed = source === "calls" && same?.record.source === "calls";
    if (same !== undefined) return isResumed ? { ok: true, stream: same } : IN_PROGRESS;
    const stored = messages.byClientId("team", clientId);
    if (stored !== undefined) return { ok: true, message: stored };
    if (this.#open.size >= MAX_STREAMS_PER_SESSION) return TOO_MANY;
    const now = Date.now();
    // However it ends, its metadata will fit.
    const marked = { ...message.metadata, ...CANCELLED };
    const refusal = log.refusal({ ...message, content: "", metadata: marked }, now);
    if (refusal !== undefined) return { ok: false, code: refusal };
    const stream = this.#open.begin({
      // It may come to stand behind that place, never before it.
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
    });
    return { ok: true, stream };
  }

  async #tooLarge(stream: Stream): Promise<Failure> {
    const posted = await this.#open.end(stream, INCOMPLETE);
    return posted.ok ? TOO_LARGE : posted;
  }

  /** A message of the team's. */
  #messageOf(messageId: string): Message | undefined {
    const message = this.#parts.messages.byId(messageId);
    return message?.role === "user" || message?.imported ? undefined : message;
  }

  /** Why nothing can be added to an answer that is not being written. */
  #goneBy(messageId: string): Failure {
    const isEnded = this.#open.endedWordless(messageId) || this.#messageOf(messageId) !== undefined;
    return isEnded ? ENDED : { ok: false, code: "message_not_found" };
  }
}
