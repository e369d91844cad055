// All that is held about a session, as lines: no more than some of them is ever in memory, and what happens meanwhile is
// not among them. Secrets and their hashes are no part of it.

import { BucketError } from "../src/bucket/call.ts";
import { LineDigest } from "../src/bucket/lines.ts";
import type { FileRecord } from "../src/domain/file.ts";
import { isoTime } from "../src/domain/view.ts";
import { TRANSCRIPT_VERSION } from "../src/protocol/lifecycle.ts";
import type { ExportLine, FileLine } from "../src/protocol/transcript.ts";
import { sessionAuditEvents } from "../src/session-index/audit.ts";
import { sessionsDatabase } from "../src/session-index/databases.ts";
import type { Access } from "./access.ts";
import type { Archive } from "./archive.ts";
import type { Conversations } from "./conversations.ts";
import type { EventFeed } from "./event-feed.ts";
import type { Files } from "./files.ts";
import type { Invites } from "./invites.ts";
import { BATCH_BYTES, BATCH_MESSAGES, messageLine, messagesBetween } from "./message-lines.ts";
import type { MessageLog } from "./message-log.ts";
import type { MessageStore } from "./message-store.ts";
import type { SessionState } from "./session-state.ts";
import type { SessionStore } from "./store.ts";

const BATCH_EVENTS = 200;

interface Parts {
  readonly env: Pick<Env, "INDEX_DB">;
  readonly store: SessionStore;
  readonly messages: MessageStore;
  readonly state: SessionState;
  readonly log: MessageLog;
  readonly conversations: Conversations;
  readonly access: Access;
  readonly invites: Invites;
  readonly events: EventFeed;
  readonly files: Files;
  readonly archive: Archive;
}

type Lines = AsyncGenerator<readonly string[], void, undefined>;

export class Export {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Throws `BucketError` and `IndexError` where not all of it could be had now. */
  async check(): Promise<void> {
    const { env, state, archive } = this.#parts;
    const { id: sessionId, teamNumber } = state.record;
    const database = sessionsDatabase(env, teamNumber);
    await archive.check();
    await sessionAuditEvents(database, { sessionId, after: undefined, limit: 1 });
  }

  /** The lines of it, some at a time. Throws `BucketError` and `IndexError`. */
  async *lines(now: number): Lines {
    const { lastSeq } = this.#parts.log.head;
    yield this.#head(now);
    yield* this.#messages(lastSeq);
    yield* this.#rest(lastSeq);
  }

  /** Hex of SHA-256 over the lines; of messages that are archived, the transcript's own stands for them. */
  async checksum(now: number): Promise<string> {
    const { state, log } = this.#parts;
    const { archive } = state.stored;
    const { lastSeq } = log.head;
    const digest = new LineDigest();
    try {
      await digest.addLines(this.#head(now));
      if (archive !== null) await digest.addLines([archive.sha256]);
      else for await (const lines of this.#messages(lastSeq)) await digest.addLines(lines);
      for await (const lines of this.#rest(lastSeq)) await digest.addLines(lines);
    } catch (error) {
      await digest.drop(error);
      throw error;
    }
    return await digest.hex();
  }

  #head(now: number): readonly string[] {
    const { store, state, log, conversations, access, invites, events, files } = this.#parts;
    const { record, stored } = state;
    const { endedAt, archivedAt, updatedAt, userFingerprint } = record;
    return [
      encode({
        type: "export",
        version: TRANSCRIPT_VERSION,
        exportedAt: isoTime(now),
        session: state.view(log.head.lastSeq, "team"),
        updatedAt: isoTime(updatedAt),
        ...(endedAt !== null && { endedAt: isoTime(endedAt) }),
        ...(archivedAt !== null && { archivedAt: isoTime(archivedAt) }),
        ...(stored.identifiedAt !== null && { identifiedAt: isoTime(stored.identifiedAt) }),
        hasFingerprint: userFingerprint !== null,
      }),
      ...access.all().map((device) => encode({ type: "device", device })),
      ...invites.all().map((invite) => encode({ type: "invite", invite })),
      ...conversations
        .list("team")
        .conversations.map((conversation) => encode({ type: "conversation", conversation })),
      ...store.readMarks().map((mark) => encode({ type: "readMark", ...mark })),
      ...files.all().map((file) => encode({ type: "file", file: fileLine(file) })),
      ...events.cursors.map(({ listener, position, attempts, failingSince, stoppedAt }) =>
        encode({
          type: "delivery",
          listener,
          position,
          attempts,
          ...(failingSince !== null && { failingSince: isoTime(failingSince) }),
          ...(stoppedAt !== null && { stoppedAt: isoTime(stoppedAt) }),
        }),
      ),
    ];
  }

  /** Up to `lastSeq`, from wherever they are: they may go into the archive meanwhile. */
  async *#messages(lastSeq: number): Lines {
    const { messages, archive } = this.#parts;
    let seq = 0;
    while (seq < lastSeq && !archive.isDone) {
      const entries = messagesBetween(messages, seq, lastSeq + 1);
      const last = entries.at(-1);
      if (last === undefined) throw new BucketError("the session was purged meanwhile");
      yield entries.map(messageLine);
      seq = last.message.seq;
    }
    if (seq < lastSeq) yield* this.#archived(seq);
  }

  async *#archived(after: number): Lines {
    let batch: string[] = [];
    let letters = 0;
    for await (const message of this.#parts.archive.messages(after)) {
      const line = encode({ type: "message", message });
      batch.push(line);
      letters += line.length;
      if (batch.length < BATCH_MESSAGES && letters < BATCH_BYTES) continue;
      yield batch;
      batch = [];
      letters = 0;
    }
    yield batch;
  }

  async *#rest(lastSeq: number): Lines {
    const { env, state } = this.#parts;
    const { id: sessionId, teamNumber } = state.record;
    const database = sessionsDatabase(env, teamNumber);
    let after: { readonly at: number; readonly id: string } | undefined;
    do {
      const found = await sessionAuditEvents(database, { sessionId, after, limit: BATCH_EVENTS });
      yield found.map(({ event }) => encode({ type: "auditEvent", event }));
      const last = found.length < BATCH_EVENTS ? undefined : found.at(-1);
      after = last && { at: last.at, id: last.event.id };
    } while (after !== undefined);
    yield [encode({ type: "end", messages: lastSeq })];
  }
}

function fileLine({ id, name, type, size, state, createdAt }: FileRecord): FileLine["file"] {
  return { id, name, mediaType: type, size, state, createdAt: isoTime(createdAt) };
}

function encode(line: ExportLine): string {
  return JSON.stringify(line);
}
