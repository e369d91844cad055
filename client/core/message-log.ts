// The part of the session's log that is here: always one stretch without a gap, everything in (base, last].
import type { MessagesFrame } from "../../src/protocol/frames.ts";
import type { Message } from "../../src/protocol/message.ts";

export type Applied =
  /** The frame begins after what is here ends: messages between are missing. */
  | { readonly outcome: "hole" }
  | { readonly outcome: "applied"; readonly added: readonly Message[] };

export class MessageLog {
  #messages: readonly Message[] = [];
  #base: number | undefined;
  #last: number | undefined;

  get messages(): readonly Message[] {
    return this.#messages;
  }

  /** `seq` up to which everything since `base` is here; undefined before anything is known. */
  get last(): number | undefined {
    return this.#last;
  }

  /** Whether the log has messages below the first that is here. */
  get hasOlder(): boolean {
    return this.#base !== undefined && this.#base > 0;
  }

  /** Pass as `before` to get the messages that precede. */
  get olderBefore(): number {
    return (this.#base ?? 0) + 1;
  }

  /** Takes what is new in a frame. What is here already is dropped: a resumed connection may repeat itself. */
  apply(frame: MessagesFrame): Applied {
    this.#base ??= frame.from;
    const last = this.#last ?? frame.from;
    if (frame.from > last) {
      return { outcome: "hole" };
    }
    const added = frame.messages.filter((message) => message.seq > last);
    this.#messages = added.length === 0 ? this.#messages : [...this.#messages, ...added];
    this.#last = Math.max(last, frame.to);
    return { outcome: "applied", added };
  }

  /** History is through up to `seq`; false when something below it never came. */
  synced(seq: number): boolean {
    this.#base ??= seq;
    this.#last ??= seq;
    return seq <= this.#last;
  }

  /** Starts over below `firstSeq`: what lies between the old stretch and the new one is older history now. */
  truncate(firstSeq: number): void {
    const base = firstSeq - 1;
    if (this.#last === undefined || base > this.#last) {
      this.#messages = [];
      this.#base = base;
      this.#last = base;
    }
  }

  /**
   * Puts a page in front that was asked for with `olderBefore`.
   *
   * @param nextBefore as in the answer: undefined at the beginning of the log
   */
  prepend(page: readonly Message[], nextBefore: number | undefined): void {
    const before = this.olderBefore;
    this.#messages = [...page.filter((message) => message.seq < before), ...this.#messages];
    this.#base = nextBefore === undefined ? 0 : nextBefore - 1;
    this.#last ??= page.at(-1)?.seq ?? 0;
  }

  /** Leaves of a message that the team took back only that it was there. */
  redact(seq: number, id: string): void {
    if (this.#messages.some((message) => message.seq === seq && message.id === id)) {
      this.#messages = this.#messages.map((message) =>
        message.seq === seq ? withoutContent(message) : message,
      );
    }
  }

  /** Whether the message with this `seq` has its place here, or before what is here. */
  covers(seq: number): boolean {
    return this.#last !== undefined && seq <= this.#last;
  }
}

function withoutContent({ metadata: _gone, ...message }: Message): Message {
  return { ...message, content: "", redacted: true };
}
