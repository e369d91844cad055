import type { Conversation, ConversationState } from "../protocol/conversation.ts";
import type { Side } from "../protocol/frames.ts";
import type { Session, SessionStatus } from "../protocol/session.ts";
import type { Viewer } from "./access.ts";
import type { ConversationRecord } from "./conversation-record.ts";
import type { Lifetimes, SessionRecord } from "./session-state.ts";
import { expiresAt } from "./session-state.ts";

/** The session as `viewer` may see it. */
export function viewSession(
  record: SessionRecord,
  lifetimes: Lifetimes,
  lastSeq: number,
  viewer: Viewer,
): Session {
  return {
    id: record.id,
    teamId: record.teamId,
    status: record.status,
    ...(record.endReason !== null && { endReason: record.endReason }),
    version: record.version,
    ...(viewer === "full" && {
      ...(record.userId !== null && { userId: record.userId }),
      deviceInfo: record.deviceInfo,
      locationInfo: record.locationInfo,
    }),
    createdAt: isoTime(record.createdAt),
    lastAccessed: isoTime(record.lastAccessed),
    expiresAt: isoTime(expiresAt(record, lifetimes)),
    defaultConversationId: record.defaultConversationId,
    lastSeq,
  };
}

/** A thread as `side` sees it; without counts, one that has no messages. */
export function viewConversation(
  record: ConversationRecord,
  side: Side,
  { lastSeq, unread }: Pick<Conversation, "lastSeq" | "unread"> = { lastSeq: 0, unread: 0 },
): Conversation {
  const createdAt = isoTime(record.createdAt);
  return { ...conversationState(record, side), createdAt, lastSeq, unread };
}

/** Where a thread stands, as `side` sees it: who of the staff it is assigned to is the team's own business. */
export function conversationState(
  { id, status, handledBy, assignee }: ConversationRecord,
  side: Side,
): ConversationState {
  return { id, status, handledBy, ...(side === "team" && assignee !== null && { assignee }) };
}

/** Why a session no longer opens, as an error code. */
export function endedCode(
  status: Exclude<SessionStatus, "active">,
): "session_expired" | "session_terminated" {
  return status === "expired" ? "session_expired" : "session_terminated";
}

export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
