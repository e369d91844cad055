// What stands in the log, top to bottom: days, and messages in groups of one writer.
import type { ChatMessage } from "../../core/index.ts";

/** Messages of one writer further apart than this begin a new group. */
const GROUP_GAP_MS = 5 * 60_000;

export interface DayItem {
  readonly kind: "day";
  readonly key: string;
  /** Any moment of that day. */
  readonly at: number;
}

export interface MessageItem {
  readonly kind: "message";
  readonly key: string;
  readonly message: ChatMessage;
  readonly startsGroup: boolean;
  readonly endsGroup: boolean;
  /** Its delivery is worth telling: it is the visitor's newest, or did not go as it should. */
  readonly showsDelivery: boolean;
}

export type TimelineItem = DayItem | MessageItem;

/**
 * Days are those of the device's own time zone.
 *
 * @param ownRole of what the reader writes; undefined where the reader cannot
 */
export function timeline(
  messages: readonly ChatMessage[],
  ownRole: "user" | "operator" | undefined,
): TimelineItem[] {
  const items: TimelineItem[] = [];
  const newestSent = messages.findLast(
    ({ role, delivery, imported }) => role === ownRole && delivery === "sent" && !imported,
  );
  for (const [index, message] of messages.entries()) {
    const previous = messages[index - 1];
    const next = messages[index + 1];
    const day = dayOf(message.createdAt);
    if (!previous || dayOf(previous.createdAt) !== day) {
      items.push({ kind: "day", key: `${day} ${message.key}`, at: message.createdAt });
    }
    items.push({
      kind: "message",
      key: message.key,
      message,
      startsGroup: !previous || !together(previous, message),
      endsGroup: !next || !together(message, next),
      showsDelivery:
        message.role === ownRole && (message.delivery !== "sent" || message === newestSent),
    });
  }
  return items;
}

function together(a: ChatMessage, b: ChatMessage): boolean {
  return (
    a.role === b.role &&
    a.delivery !== "failed" &&
    b.delivery !== "failed" &&
    a.author?.id === b.author?.id &&
    a.author?.name === b.author?.name &&
    // A group is marked as a whole: nothing brought along may stand under what was really said.
    a.imported === b.imported &&
    Math.abs(b.createdAt - a.createdAt) < GROUP_GAP_MS &&
    dayOf(a.createdAt) === dayOf(b.createdAt)
  );
}

function dayOf(at: number): string {
  return new Date(at).toDateString();
}
