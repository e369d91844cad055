// How far each side has read in the default conversation: what the server told, and what is worth telling it.
import type { ReadFrame, Side } from "../../src/protocol/frames.ts";
import type { Message } from "../../src/protocol/message.ts";
import type { OwnRole } from "./conversation-view.ts";
import type { ReadUpTo } from "./session-state.ts";

export class ReadMarks {
  readonly #ownRole: OwnRole;
  readonly #ownSide: Side;
  #upTo: ReadUpTo = { visitor: 0, team: 0 };
  /** On its way over this connection. */
  #sent = 0;

  constructor(ownRole: OwnRole) {
    this.#ownRole = ownRole;
    this.#ownSide = ownRole === "user" ? "visitor" : "team";
  }

  /** Replaced when it changes. */
  get upTo(): ReadUpTo {
    return this.#upTo;
  }

  /** What was on its way may have been lost; the server tells what it has. */
  opening(): void {
    this.#sent = 0;
  }

  told({ side, seq }: ReadFrame): void {
    if (seq > this.#upTo[side]) {
      this.#upTo = { ...this.#upTo, [side]: seq };
    }
  }

  /** The mark to send once `messages` were read; undefined where nothing of the other side is new: each mark is stored. */
  next(messages: readonly Message[], conversationId: string): number | undefined {
    const isVisitor = this.#ownRole === "user";
    const newest = messages.findLast(
      (message) =>
        message.conversationId === conversationId && (message.role === "user") !== isVisitor,
    );
    if (!newest || newest.seq <= Math.max(this.#upTo[this.#ownSide], this.#sent)) {
      return undefined;
    }
    this.#sent = newest.seq;
    return newest.seq;
  }
}
