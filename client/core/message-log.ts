// The part of the session's log that is here: always one stretch without a gap, everything in (base, last].
import type { MessagesFrame } from "../../src/protocol/frames.ts";
import type { Message } from "../../src/protocol/message.ts";
import type { ChatMessage } from "./session-state.ts";

/** A stretch of a log without a gap. */
export interface Stretch {
  readonly base: number;
  /** Everything up to here is there; what its reader may not see has no message. */
  readonly last: number;
  readonly messages: readonly ChatMessage[];
}

export type MessageLog = ReturnType<typeof createMessageLog>;

/** @param show makes of a message what it is shown as, once */
export function createMessageLog(show: (message: Message) => ChatMessage) {
  /** Undefined before anything is known. */
  let stretch: Stretch | undefined;
  const begin = (seq: number): Stretch => ({ base: seq, last: seq, messages: NONE });
  return {
    /** Above it everything is here; 0 where nothing lies below, or nothing is known. */
    get base(): number {
      return stretch?.base ?? 0;
    },
    get messages(): readonly ChatMessage[] {
      return stretch?.messages ?? NONE;
    },
    /** `seq` up to which everything since `base` is here; undefined before anything is known. */
    get last(): number | undefined {
      return stretch?.last;
    },
    /** Begins with what was kept of the log. */
    restore(kept: Stretch): void {
      stretch ??= kept;
    },
    /**
     * Takes what is new in a frame. What is here already is dropped: a resumed connection may repeat itself.
     *
     * @returns what was added; undefined when the frame begins after what is here ends: messages between are missing
     */
    apply({ from, to, messages }: MessagesFrame): readonly ChatMessage[] | undefined {
      const known = stretch ?? begin(from);
      if (from > known.last) {
        return undefined;
      }
      const added = messages.filter(({ seq }) => seq > known.last).map(show);
      stretch = {
        base: known.base,
        last: Math.max(known.last, to),
        messages: added.length === 0 ? known.messages : [...known.messages, ...added],
      };
      return added;
    },
    /** History is through up to `seq`; false when something below it never came. */
    synced(seq: number): boolean {
      stretch ??= begin(seq);
      return seq <= stretch.last;
    },
    /** Starts over below `firstSeq`: what lies between the old stretch and the new one is older history now. */
    truncate(firstSeq: number): void {
      if (!stretch || firstSeq - 1 > stretch.last) {
        stretch = begin(firstSeq - 1);
      }
    },
    /**
     * Puts a page in front of what lies up to `base`.
     *
     * @param nextBefore as in the answer: undefined at the beginning of the log
     */
    prepend(page: readonly Message[], nextBefore: number | undefined): void {
      const { base, last, messages } = stretch ?? begin(page.at(-1)?.seq ?? 0);
      const older = page.filter(({ seq }) => seq <= base).map(show);
      stretch = { base: (nextBefore ?? 1) - 1, last, messages: [...older, ...messages] };
    },
    /** Leaves of a message that the team took back only that it was there; true when there was more. */
    redact(seq: number): boolean {
      const found = stretch?.messages.find((message) => message.seq === seq && !message.redacted);
      if (stretch && found) {
        const gone = { ...found, content: "", metadata: undefined, redacted: true };
        const messages = stretch.messages.map((message) => (message === found ? gone : message));
        stretch = { ...stretch, messages };
      }
      return found !== undefined;
    },
  };
}

const NONE: readonly ChatMessage[] = [];
