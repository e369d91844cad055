// Answers that are being written: what of their text has come. Nothing of them is in the log yet.
import type { DeltaFrame } from "../../src/protocol/frames.ts";
import { chatMessage } from "./chat-message.ts";
import type { ChatMessage } from "./session-state.ts";

export function createStreamedAnswers() {
  let running: readonly ChatMessage[] = [];
  const has = (messageId: string) => running.some(({ key }) => key === messageId);
  return {
    /** In the order in which they began; replaced when it changes. */
    get running(): readonly ChatMessage[] {
      return running;
    },
    has,
    /**
     * Puts a piece in its place. Offset 0 begins the answer anew, as it does for whoever comes late; what leaves a gap is
     * dropped, and the next text so far brings it.
     *
     * @param now by this device's clock: when the first of it came
     */
    delta(
      { messageId, conversationId, role, author, offset, text }: DeltaFrame,
      now: number,
    ): void {
      const known = running.find(({ key }) => key === messageId);
      const before = offset === 0 ? "" : known?.content;
      if (before === undefined || offset > before.length) {
        return;
      }
      const content = before.slice(0, offset) + text;
      if (known && offset > 0 && content.length <= before.length) {
        return;
      }
      const answer = chatMessage({
        key: messageId,
        conversationId,
        role,
        author,
        content,
        createdAt: known?.createdAt ?? now,
        streaming: true,
      });
      running = known
        ? running.map((other) => (other === known ? answer : other))
        : [...running, answer];
    },
    /** They are in the log from now on, or nowhere. */
    end(messageIds: readonly string[]): void {
      if (messageIds.some(has)) {
        running = running.filter(({ key }) => !messageIds.includes(key));
      }
    },
    /** What is still being written is told again. */
    forget(): void {
      if (running.length > 0) {
        running = [];
      }
    },
  };
}
