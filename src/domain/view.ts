import type { Session, SessionStatus } from "../protocol/session.ts";
import type { Lifetimes, SessionRecord } from "./session-state.ts";
import { expiresAt } from "./session-state.ts";

/** Who looks at a session: its owner and the team see all of it, guests the conversation only. */
export type Viewer = "full" | "guest";

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

/** Why a session no longer opens, as an error code. */
export function endedCode(
  status: Exclude<SessionStatus, "active">,
): "session_expired" | "session_terminated" {
  return status === "expired" ? "session_expired" : "session_terminated";
}

export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
