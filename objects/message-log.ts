// The one way into the log: leading-edge group commit. The first message of a quiet moment is committed and delivered at
// once; what arrives meanwhile shares the next transaction and the next frame. Nothing is delivered before it is stored,
// and whether a message may be stored is decided inside the transaction that stores it.

import { sideOf, slidesExpiry } from "../src/domain/access.ts";
import { isTooLarge, type LogHead } from "../src/domain/log.ts";
import { log } from "../src/log.ts";
import type { ErrorCode } from "../src/protocol/errors.ts";
import type { NewAttachment, StoredAttachment } from "../src/protocol/file.ts";
import type { Side } from "../src/protocol/frames.ts";
import type { Found } from "./files.ts";
import {
  type Composed,
  compose,
  composeImported,
  type ImportedEntry,
  type LogEntry,
} from "./log-entry.ts";
import { messageFrames } from "./message-frames.ts";
import { MessageRate } from "./message-rate.ts";
import type { LoggedMessage, MessageStore } from "./message-store.ts";
import type { SessionState } from "./session-state.ts";
import type { SessionStore } from "./store.ts";
import { type Batch, type Outcome, refused, type Sender, unattached } from "./submission.ts";

/** What the log asks and tells the session that it belongs to. */
export interface LogListener {
  /** In the transaction that stores a visitor's message in a thread: what the log is to say after it, if anything. */
  heardVisitor(conversationId: string, now: number): LogEntry | undefined;
  /** In that transaction: the files that a message by `side` is to carry, if all of them are there to be taken. */
  find(wanted: readonly NewAttachment[], side: Side): Found;
  /** In that transaction: the message at `seq` carries them. */
  take(attachments: readonly StoredAttachment[], seq: number): void;
  /** A transaction was undone, whatever was done in it. */
  undone(): void;
  /** Messages were stored; `slides` when one of them keeps the session alive. */
  stored(now: number, slides: boolean): void;
  /** They are stored by now: `frames` are `messages` frames with all of them. */
  deliver(frames: readonly string[]): void;
}

export class MessageLog {
  readonly #store: SessionStore;
  readonly #messages: MessageStore;
  readonly #state: SessionState;
  readonly #listener: LogListener;
  readonly #rate: MessageRate;
  #queue: Batch[] = [];
  #draining = false;
  #head: LogHead;

  constructor(
    store: SessionStore,
    messages: MessageStore,
    state: SessionState,
    listener: LogListener,
  ) {
    this.#store = store;
    this.#messages = messages;
    this.#state = state;
    this.#listener = listener;
    this.#rate = new MessageRate(messages);
    this.#head = state.stored.archive ?? messages.head();
  }

  get head(): LogHead {
    return this.#head;
  }

  /** Stores what may be stored of `messages`, in order, and settles with an outcome for each. */
  submit(batch: Batch): void {
    this.#queue.push(batch);
    if (!this.#draining) void this.#drain();
  }

  /** Submits one message and waits for its outcome. */
  append(sender: Sender, message: LogEntry, within?: Batch["within"]): Promise<Outcome> {
    return new Promise((resolve) => {
      this.submit({
        sender,
        messages: [message],
        ...(within !== undefined && { within }),
        settle: (outcomes) => outcomes.forEach(resolve),
      });
    });
  }

  /** Why a message of the team's could not be stored now, if so. */
  refusal(input: LogEntry, now: number): ErrorCode | undefined {
    const entry = this.#compose(input, "team", this.#head.lastSeq + 1, now, []);
    return this.#state.writeRefusal(null, now) ?? this.#unfit(entry, this.#head);
  }

  /**
   * Stores what the owner brought along: all of it, or nothing and which one does not fit. It is on the visitor's side, a
   * touch like a message, and counts for nobody's rate.
   * @param within called in the transaction that stores them
   */
  appendImported(
    entries: readonly ImportedEntry[],
    now: number,
    within: () => void,
  ): { readonly code: ErrorCode; readonly index: number } | undefined {
    let head = this.#head;
    const rows: LoggedMessage[] = [];
    const encoded: string[] = [];
    for (const [index, imported] of entries.entries()) {
      const composed = composeImported(imported, head.lastSeq + 1);
      const code = this.#overweight(composed, head);
      if (code !== undefined) return { code, index };
      head = headAfter(head, composed);
      const { totalBytes } = head;
      const origin: Origin = { side: "visitor", credentialId: null, slides: true };
      rows.push({ ...origin, message: composed.message, createdAt: now, totalBytes, imported });
      encoded.push(composed.text);
    }
    this.#store.transaction(() => {
      within();
      for (const row of rows) this.#messages.append(row);
    });
    this.#committed({ head, encoded, slides: true }, now);
    return undefined;
  }

  /** Settles everything submitted so far: whoever ends or revokes calls this first. */
  flush(): void {
    if (this.#queue.length > 0) this.#commit();
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    try {
      while (this.#queue.length > 0) {
        this.#commit();
        await scheduler.wait(0);
      }
    } finally {
      this.#draining = false;
    }
  }

  #commit(): void {
    const batches = this.#queue;
    this.#queue = [];
    const now = Date.now();
    let group: Group;
    try {
      group = this.#store.transaction(() => this.#write(batches, now));
    } catch (error) {
      log.error({ event: "commit_failed", error: String(error) });
      this.#rate.forget();
      this.#listener.undone();
      for (const { messages, settle } of batches) {
        settle(messages.map((input) => refused("unavailable", input)));
      }
      return;
    }
    this.#committed(group, now);
    group.outcomes.forEach((outcomes, index) => {
      batches[index]?.settle(outcomes);
    });
  }

  #committed({ head, encoded, slides }: Commit, now: number): void {
    const from = this.#head.lastSeq;
    this.#head = head;
    if (encoded.length === 0) return;
    this.#listener.stored(now, slides);
    this.#listener.deliver(messageFrames(from, encoded));
  }

  #write(batches: readonly Batch[], now: number): Group {
    let head = this.#head;
    let slides = false;
    const encoded: string[] = [];
    const store = (composed: Composed, from: Origin) => {
      const { message, text } = composed;
      head = headAfter(head, composed);
      const { totalBytes } = head;
      this.#messages.append({ ...from, message, createdAt: now, totalBytes, imported: undefined });
      encoded.push(text);
      slides ||= from.slides;
    };
    const outcomes = batches.map(({ sender, messages, within }) => {
      const isLate = sender.begunInTime === true && this.#state.isOverdue(now);
      const refusal = isLate
        ? this.#state.endedCode()
        : this.#state.writeRefusal(sender.credentialId, now);
      const side = sideOf(sender.role);
      const isTouch = slidesExpiry(sender.role) && !isLate;
      const { credentialId } = sender;
      const limit = this.#state.team.policy.limits.messagesPerMinutePerCredential;
      const settled = messages.map((input): Outcome => {
        if (refusal !== undefined) return refused(refusal, input);
        const duplicate = this.#messages.byClientId(side, input.clientId);
        if (duplicate) return { kind: "duplicate", message: duplicate };
        const waitMs = this.#rate.waitMs(credentialId, limit, now);
        if (waitMs > 0) return refused("rate_limited", input, waitMs);
        const found = this.#listener.find(input.attachments ?? [], side);
        if (!found.ok) return unattached(input, found.index);
        const { attachments } = found;
        const entry = this.#compose(input, side, head.lastSeq + 1, now, attachments);
        const failure = this.#unfit(entry, head);
        if (failure !== undefined) return refused(failure, input);
        const { message } = entry;
        store(entry, { side, credentialId, slides: isTouch });
        this.#listener.take(attachments, message.seq);
        this.#rate.stored(credentialId, now);
        const note =
          side === "visitor" ? this.#listener.heardVisitor(message.conversationId, now) : undefined;
        if (note !== undefined) {
          const from: Origin = { side: "team", credentialId: null, slides: isTouch };
          store(this.#compose(note, "team", head.lastSeq + 1, now, []), from);
        }
        return { kind: "stored", message };
      });
      within?.(settled, now);
      return settled;
    });
    return { head, encoded, outcomes, slides };
  }

  #compose(
    input: LogEntry,
    side: Side,
    seq: number,
    now: number,
    attachments: readonly StoredAttachment[],
  ): Composed {
    const { defaultConversationId } = this.#state.record;
    return compose(input, { side, seq, now, defaultConversationId, attachments });
  }

  #unfit(composed: Composed, head: LogHead): ErrorCode | undefined {
    const { conversationId } = composed.message;
    const isKnown =
      conversationId === this.#state.record.defaultConversationId ||
      this.#store.hasConversation(conversationId);
    return isKnown ? this.#overweight(composed, head) : "conversation_not_found";
  }

  #overweight({ message, bytes }: Composed, head: LogHead): ErrorCode | undefined {
    if (isTooLarge(message, bytes)) return "message_too_large";
    const quota = this.#state.team.policy.limits.bytesPerSession;
    return quota !== null && head.totalBytes + bytes > quota ? "quota_exceeded" : undefined;
  }
}

type Origin = Pick<LoggedMessage, "side" | "credentialId" | "slides">;

/** What was stored together. */
interface Commit {
  readonly head: LogHead;
  readonly encoded: readonly string[];
  readonly slides: boolean;
}

interface Group extends Commit {
  /** One list a batch. */
  readonly outcomes: readonly (readonly Outcome[])[];
}

function headAfter({ totalBytes }: LogHead, { message, bytes }: Composed): LogHead {
  return { lastSeq: message.seq, totalBytes: totalBytes + bytes };
}
