// How far each side has read in each conversation: what the server told, and what is worth telling it.
import type { ReadFrame, Side } from "../../src/protocol/frames.ts";
import type { ChatMessage, ReadUpTo } from "./session-state.ts";

const NOTHING: ReadUpTo = { visitor: 0, team: 0 };

/** @param isOwn whether a message is of the side that reads here */
export function createReadMarks(ownSide: Side, isOwn: (message: ChatMessage) => boolean) {
  const marks = new Map<string, ReadUpTo>();
  /** On its way over this connection. */
  const sent = new Map<string, number>();
  /** Replaced when it changes. */
  const upTo = (conversationId: string | undefined): ReadUpTo =>
    marks.get(conversationId ?? "") ?? NOTHING;
  return {
    upTo,
    /** What was on its way may have been lost; the server tells what it has. */
    opening: () => sent.clear(),
    told({ conversationId, side, seq }: ReadFrame): void {
      const known = upTo(conversationId);
      if (seq > known[side]) {
        marks.set(conversationId, { ...known, [side]: seq });
      }
    },
    /** The mark to send once a conversation's `messages` were read; undefined where nothing of the other side is new: each mark is stored. */
    next(messages: readonly ChatMessage[], conversationId: string): number | undefined {
      const newest =
        messages.findLast((message) => message.seq !== undefined && !isOwn(message))?.seq ?? 0;
      if (newest <= Math.max(upTo(conversationId)[ownSide], sent.get(conversationId) ?? 0)) {
        return undefined;
      }
      sent.set(conversationId, newest);
      return newest;
    },
  };
}
