// Answers that are being written: what of their text has come. Nothing of them is in the log yet.
import type { DeltaFrame } from "../../src/protocol/frames.ts";
import type { Author, MessageRole } from "../../src/protocol/message.ts";

export interface StreamedAnswer {
  readonly messageId: string;
  readonly conversationId: string;
  readonly role: MessageRole;
  readonly author: Author | undefined;
  readonly text: string;
  /** When the first of it came, by this device's clock. */
  readonly since: number;
}

export class StreamedAnswers {
  #running: readonly StreamedAnswer[] = [];

  /** In the order in which they began; replaced when it changes. */
  get running(): readonly StreamedAnswer[] {
    return this.#running;
  }

  /**
   * Puts a piece in its place. Offset 0 begins the answer anew, as it does for whoever comes late; what leaves a gap is
   * dropped, and the next text so far brings it.
   */
  delta({ messageId, conversationId, role, author, offset, text }: DeltaFrame, now: number): void {
    const known = this.#running.find((answer) => answer.messageId === messageId);
    const before = offset === 0 ? "" : known?.text;
    if (before === undefined || offset > before.length) {
      return;
    }
    const joined = before.slice(0, offset) + text;
    if (known && offset > 0 && joined.length <= before.length) {
      return;
    }
    const since = known?.since ?? now;
    const answer = { messageId, conversationId, role, author, text: joined, since };
    this.#running = known
      ? this.#running.map((other) => (other === known ? answer : other))
      : [...this.#running, answer];
  }

  /** They are in the log from now on, or nowhere. */
  end(messageIds: readonly string[]): void {
    if (this.#running.some(({ messageId }) => messageIds.includes(messageId))) {
      this.#running = this.#running.filter(({ messageId }) => !messageIds.includes(messageId));
    }
  }

  /** What is still being written is told again. */
  forget(): void {
    if (this.#running.length > 0) {
      this.#running = [];
    }
  }
}
