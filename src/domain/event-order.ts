// The order of a session's events, as one integer each, which what is stored gives by itself: there is no table of events.
// Each `seq` of the log has four places: the message, the hand-over that it tells of, and after it the session's
// identification and its end. The places of what was imported stay empty: it is history, which nobody is to answer. An event
// never comes to be below one that was there before.
import type { SessionEventType } from "../protocol/events.ts";
import type { Message } from "../protocol/message.ts";

const PLACES = 4;

/** Before everything. */
export const BEGINNING = 0;

const CREATED = 1;

/** What of a session, beside its log, events are made of. */
export interface Life {
  /** Epoch milliseconds, as the others. */
  readonly createdAt: number;
  /** The log's last `seq` when it was identified; null while it is nobody's. */
  readonly identifiedAfterSeq: number | null;
  readonly identifiedAt: number | null;
  readonly endedAt: number | null;
  readonly lastSeq: number;
}

/** Something that happened, at its position. */
export type Occurrence =
  | {
      readonly type: Extract<SessionEventType, `session.${string}`>;
      readonly position: number;
      readonly at: number;
    }
  | {
      readonly type: "message.created" | "conversation.updated";
      readonly position: number;
      readonly message: Message;
    };

/** The end of all that happened up to message `seq`, what it tells of included. */
export function positionAfter(seq: number): number {
  return PLACES * seq + 1;
}

/** The last message that lies at or before `position`. */
export function seqAt(position: number): number {
  return Math.floor(position / PLACES);
}

/** The end of all that has happened. */
export function endOf({ identifiedAfterSeq, endedAt, lastSeq }: Life): number {
  if (endedAt !== null) return PLACES * lastSeq + 3;
  return identifiedAfterSeq === lastSeq ? PLACES * lastSeq + 2 : positionAfter(lastSeq);
}

/** Whether a message tells of a change of its conversation. */
export function isHandOver({ role, metadata }: Pick<Message, "role" | "metadata">): boolean {
  const change = metadata?.conversation;
  return (
    role === "system" && typeof change === "object" && change !== null && !Array.isArray(change)
  );
}

/** What happened after `from` up to `to`, in order; of imported messages nothing. `messages` are at least those in between. */
export function occurrences(
  life: Life,
  messages: readonly Message[],
  from: number,
  to: number,
): Occurrence[] {
  const { createdAt, identifiedAfterSeq, identifiedAt, endedAt, lastSeq } = life;
  const found: Occurrence[] = [{ type: "session.created", position: CREATED, at: createdAt }];
  for (const message of messages) {
    if (message.imported) continue;
    const position = PLACES * message.seq;
    found.push({ type: "message.created", position, message });
    if (isHandOver(message)) {
      found.push({ type: "conversation.updated", position: position + 1, message });
    }
  }
  if (identifiedAfterSeq !== null) {
    const position = PLACES * identifiedAfterSeq + 2;
    found.push({ type: "session.identified", position, at: identifiedAt ?? createdAt });
  }
  if (endedAt !== null) {
    found.push({ type: "session.ended", position: PLACES * lastSeq + 3, at: endedAt });
  }
  return found
    .filter(({ position }) => position > from && position <= to)
    .sort((one, other) => one.position - other.position);
}

/**
 * Where somebody begins who is to hear of what happened at `since` or later.
 * @param firstSeq of the first message from then on; undefined without one
 */
export function positionBefore(life: Life, since: number, firstSeq: number | undefined): number {
  const { createdAt, identifiedAfterSeq, identifiedAt, endedAt, lastSeq } = life;
  if (createdAt >= since) return BEGINNING;
  const starts = [endOf(life)];
  if (firstSeq !== undefined) starts.push(PLACES * firstSeq - 1);
  if (identifiedAfterSeq !== null && identifiedAt !== null && identifiedAt >= since) {
    starts.push(PLACES * identifiedAfterSeq + 1);
  }
  if (endedAt !== null && endedAt >= since) starts.push(PLACES * lastSeq + 2);
  return Math.min(...starts);
}
