// What readers see of answers that are being written: however many words come, each reader gets at most so many `delta`
// frames a second, over all answers of the session. All live readers stand at the same place of an answer.
import type { DeltaFrame } from "../src/protocol/frames.ts";
import { DELTAS_PER_SECOND } from "../src/protocol/limits.ts";
import { Pace } from "./pace.ts";
import type { Peer } from "./peer.ts";
import type { Stream } from "./stream.ts";

export class Deltas {
  /** Those with something to show, the one that waits longest first. */
  readonly #waiting = new Set<Stream>();
  readonly #pace: Pace;
  readonly #toLive: (frame: DeltaFrame) => void;

  /** @param toLive sends to everybody whose history is through */
  constructor(toLive: (frame: DeltaFrame) => void) {
    this.#toLive = toLive;
    this.#pace = new Pace(
      1000 / DELTAS_PER_SECOND,
      () => this.#waiting.size > 0,
      () => this.#turn(),
    );
  }

  /** There is something to show of `stream`: that it is there, or more of its text. */
  wake(stream: Stream): void {
    this.#waiting.add(stream);
    this.#pace.wake();
  }

  /** It has ended: what was not shown of it comes with its message. */
  forget(stream: Stream): void {
    this.#waiting.delete(stream);
  }

  /** Brings a reader who has come to where the others are; what follows joins on. */
  catchUp(peer: Peer, stream: Stream): void {
    peer.send(delta(stream, 0, stream.text.text.slice(0, stream.shown)));
  }

  #turn(): void {
    const [stream] = this.#waiting;
    if (stream === undefined) return;
    this.#waiting.delete(stream);
    const { text } = stream.text;
    const offset = stream.shown;
    stream.shown = text.length;
    this.#toLive(delta(stream, offset, text.slice(offset)));
  }
}

function delta({ record }: Stream, offset: number, text: string): DeltaFrame {
  const { messageId, conversationId, role, author } = record;
  return {
    type: "delta",
    messageId,
    conversationId,
    role,
    ...(author !== undefined && { author }),
    offset,
    text,
  };
}
