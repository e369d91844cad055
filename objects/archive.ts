// The session's messages in the bucket: how they get there, are read, and are taken back there. They leave the object only
// when what lies in the bucket has been read back and is what was written.

import { BucketError } from "../src/bucket/call.ts";
import { transcriptKey } from "../src/bucket/keys.ts";
import type { LinesDigest } from "../src/bucket/lines.ts";
import { digestOf, openLines, readLines } from "../src/bucket/read-lines.ts";
import { writeLines } from "../src/bucket/write-lines.ts";
import { log } from "../src/log.ts";
import type { AuditActor } from "../src/protocol/audit.ts";
import type { Conversation } from "../src/protocol/conversation.ts";
import type { Failure, Result } from "../src/protocol/errors.ts";
import { TRANSCRIPT_VERSION } from "../src/protocol/lifecycle.ts";
import { WINDOW_BYTES } from "../src/protocol/limits.ts";
import type { Message } from "../src/protocol/message.ts";
import type { MessagePage } from "../src/protocol/rest.ts";
import type { TranscriptLine } from "../src/protocol/transcript.ts";
import { ArchivePage } from "./archive-page.ts";
import { type MessagesQuery, UNAVAILABLE } from "./calls.ts";
import type { Files } from "./files.ts";
import type { IndexProjector } from "./index-projector.ts";
import { messageLine, messagesBetween } from "./message-lines.ts";
import type { MessageLog } from "./message-log.ts";
import type { MessageStore } from "./message-store.ts";
import type { Archived, ArchivedThread } from "./session-row.ts";
import type { SessionState } from "./session-state.ts";
import type { SessionStore } from "./store.ts";

interface Parts {
  readonly env: Pick<Env, "BUCKET">;
  readonly store: SessionStore;
  readonly messages: MessageStore;
  readonly state: SessionState;
  readonly log: MessageLog;
  /** As the team sees them. */
  readonly conversations: () => readonly Conversation[];
  readonly projector: IndexProjector;
  readonly files: Files;
}

export interface ArchivedNow {
  readonly conversations: number;
  readonly files: number;
}

export class Archive {
  readonly #parts: Parts;
  /** Settles with the last of those who write the transcript, one after the other; never rejects. */
  #writing: Promise<unknown> = Promise.resolve();
  /** Something was taken back while the transcript was written. */
  #isStale = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Whether the messages are in the bucket, and no more here. */
  get isDone(): boolean {
    return this.#parts.state.stored.archive !== null;
  }

  /** Resolves when nobody writes the transcript. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** A message that is here was taken back: a transcript that is being written has it still. */
  redacted(): void {
    this.#isStale = true;
  }

  /** Moves the messages into the bucket. Throws `BucketError`; then nothing has changed. */
  run(): Promise<ArchivedNow> {
    return this.#alone(async () => {
      if (this.isDone) return { conversations: 0, files: 0 };
      for (;;) {
        this.#isStale = false;
        const digest = await this.#write(this.#transcript());
        if (!this.#isStale) return this.#letGo(digest);
      }
    });
  }

  /** Throws `BucketError` where the messages are in the bucket and cannot be read. */
  async check(): Promise<void> {
    if (this.isDone) await (await this.#open()).cancel();
  }

  /** A page of what is in the bucket, as the log itself would give it. */
  async history(query: MessagesQuery): Promise<Result<MessagePage>> {
    const page = new ArchivePage(query, WINDOW_BYTES);
    try {
      for await (const message of this.messages(undefined)) if (!page.take(message)) break;
    } catch (error) {
      return this.#unavailable(error);
    }
    return { ok: true, ...page.result };
  }

  /** All messages after a `seq`, in order, read as they are wanted. Throws `BucketError`. */
  async *messages(after: number | undefined): AsyncGenerator<Message, void, undefined> {
    for await (const lines of readLines(await this.#open())) {
      for (const text of lines) {
        const line = JSON.parse(text) as TranscriptLine;
        if (line.type === "message" && line.message.seq > (after ?? 0)) yield line.message;
      }
    }
  }

  /** Takes a message back: the transcript is written anew without its content, and read back, before this resolves. */
  async redact(messageId: string, actor: AuditActor): Promise<Result<object>> {
    try {
      return await this.#alone(() => this.#redact(messageId, actor));
    } catch (error) {
      return this.#unavailable(error);
    }
  }

  async #redact(messageId: string, actor: AuditActor): Promise<Result<object>> {
    const { state, store, projector, files } = this.#parts;
    const { archive } = state.stored;
    let found: Message | undefined;
    for await (const message of this.messages(undefined)) {
      if (message.id === messageId) found = message;
    }
    if (archive === null || found === undefined) return { ok: false, code: "message_not_found" };
    // One that was, without anybody having heard of it, is told of now.
    const digest = found.redacted
      ? await digestOf(await this.#open())
      : await this.#write(this.#withoutContent(messageId));
    if (digest.sha256 === archive.sha256) return { ok: true };
    const { seq } = found;
    const now = Date.now();
    store.transaction(() => {
      files.removeOfMessage(seq, now);
      state.rearchive({ ...archive, sha256: digest.sha256 });
      projector.record({ type: "message.redacted", actor, details: { messageId } }, now);
    });
    return { ok: true };
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#writing.then(work);
    this.#writing = done.catch(() => undefined);
    return done;
  }

  /** Stores a transcript, and reads it back. Throws `BucketError` where that is not what was written. */
  async #write(lines: AsyncIterable<readonly string[]>): Promise<LinesDigest> {
    const written = await writeLines(this.#parts.env.BUCKET, this.#key, lines);
    const read = await digestOf(await this.#open());
    if (read.lines !== written.lines || read.sha256 !== written.sha256) {
      throw new BucketError("the transcript in the bucket is not what was written");
    }
    return written;
  }

  async *#transcript(): AsyncGenerator<readonly string[]> {
    const { state, log: messageLog, messages, conversations } = this.#parts;
    const { lastSeq } = messageLog.head;
    const session = state.view(lastSeq, "team");
    const header = { session, conversations: conversations() };
    yield [encode({ type: "transcript", version: TRANSCRIPT_VERSION, ...header })];
    let seq = 0;
    while (seq < lastSeq) {
      const entries = messagesBetween(messages, seq, Number.POSITIVE_INFINITY);
      yield entries.map(messageLine);
      const reached = entries.at(-1)?.message.seq ?? 0;
      if (reached !== seq + entries.length) throw new Error(`the log has a gap after ${seq}`);
      seq = reached;
    }
    yield [encode({ type: "end", messages: lastSeq })];
  }

  async *#withoutContent(messageId: string): AsyncGenerator<readonly string[]> {
    for await (const lines of readLines(await this.#open())) {
      yield lines.map((text) => {
        const line = JSON.parse(text) as TranscriptLine;
        if (line.type !== "message" || line.message.id !== messageId) return text;
        const { content: _, attachments: __, metadata: ___, ...rest } = line.message;
        return encode({ type: "message", message: { ...rest, content: "", redacted: true } });
      });
    }
  }

  /** The messages are in the bucket, verified: all that follows from it at once. */
  #letGo({ sha256 }: LinesDigest): ArchivedNow {
    const { store, state, log: messageLog, messages, projector } = this.#parts;
    const now = Date.now();
    const { lastSeq, totalBytes } = messageLog.head;
    const threads = this.#threads();
    const archived: Archived = { messages: lastSeq, lastSeq, totalBytes, sha256, threads };
    return store.transaction(() => {
      const conversations = store.conversations().length;
      messages.clear();
      store.clearReadMarks();
      const files = this.#parts.files.removeAll(now);
      state.archive(archived, now);
      projector.markSession(now);
      const details = { conversations, messages: lastSeq, files, sha256 };
      projector.record({ type: "session.archived", actor: { kind: "system" }, details }, now);
      return { conversations, files };
    });
  }

  #threads(): Record<string, ArchivedThread> {
    const { messages } = this.#parts;
    const [visitor, team] = [
      messages.conversationCounts("visitor"),
      messages.conversationCounts("team"),
    ];
    return Object.fromEntries(
      [...visitor].map(([id, { lastSeq, unread }]) => [
        id,
        { lastSeq, unread: { visitor: unread, team: team.get(id)?.unread ?? 0 } },
      ]),
    );
  }

  get #key(): string {
    return transcriptKey(this.#parts.state.record.id);
  }

  async #open(): Promise<ReadableStream<Uint8Array>> {
    const stored = await openLines(this.#parts.env.BUCKET, this.#key);
    if (stored === undefined) throw new BucketError("the transcript is not in the bucket");
    return stored;
  }

  #unavailable(error: unknown): Failure {
    log.error({
      event: "transcript_unavailable",
      team: this.#parts.state.team.id,
      error: String(error),
    });
    return UNAVAILABLE;
  }
}

function encode(line: TranscriptLine): string {
  return JSON.stringify(line);
}
