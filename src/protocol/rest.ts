// Shapes of the REST calls. Field by field they are what `GET /api/openapi.json` describes.
import type { Conversation } from "./conversation.ts";
import type { Message } from "./message.ts";
import type {
  DeviceInfo,
  LocationInfo,
  Session,
  SessionStatus,
  SessionSummary,
} from "./session.ts";

export interface CreateSessionRequest {
  readonly teamId: string;
  /** A hint about a browser, never a key. */
  readonly userFingerprint?: string;
  readonly deviceInfo?: DeviceInfo;
  readonly tokenTransport?: "bearer";
  /** Team keys only: otherwise the edge says where the visitor is. */
  readonly locationInfo?: LocationInfo;
  /** Team keys only: the visitor's address; not stored. */
  readonly clientIp?: string;
}

export interface SessionWithToken {
  readonly session: Session;
  /** The caller's own key to the session, shown this once. */
  readonly token: string;
  /** Opens a socket within 60 seconds. */
  readonly ticket: string;
}

export interface ValidateSessionResponse {
  readonly isValid: boolean;
  readonly session?: Session;
  readonly reason?: Exclude<SessionStatus, "active">;
  readonly ticket?: string;
}

export interface RefreshSessionRequest {
  readonly rotate?: true;
}

export interface RefreshSessionResponse {
  readonly session: Session;
  /** There when the secret was rotated. */
  readonly token?: string;
  /** There when a credential called, and not the team. */
  readonly ticket?: string;
}

export interface SessionList {
  readonly sessions: readonly SessionSummary[];
  readonly nextCursor?: string;
}

export interface SessionStats {
  readonly totalSessions: number;
  readonly activeSessions: number;
  readonly expiredSessions: number;
  readonly terminatedSessions: number;
  /** Seconds: the mean of `lastAccessed − createdAt`, 0 without sessions. */
  readonly averageSessionDuration: number;
}

export interface MessagePage {
  /** In `seq` order. */
  readonly messages: readonly Message[];
  /** Pass as `after` for what follows; left out when there is nothing yet. */
  readonly nextAfter?: number;
  /** Pass as `before` for what precedes; left out at the beginning. */
  readonly nextBefore?: number;
}

export interface ConversationList {
  readonly conversations: readonly Conversation[];
}

/** Numbers that `null` lifts. */
export interface TeamLimits {
  readonly createsPerMinutePerNetwork: number | null;
  readonly createsPerMinute: number | null;
  readonly messagesPerMinutePerCredential: number | null;
  readonly socketsPerSession: number | null;
  readonly bytesPerSession: number | null;
}

export interface TeamPolicy {
  /** Exact origins; `http://localhost:*` and `http://127.0.0.1:*` stand for any port. */
  readonly allowedOrigins: readonly string[];
  readonly operatorOrigins: readonly string[];
  readonly crossSiteCookies: boolean;
  readonly disabled: boolean;
  readonly idleDays: number;
  readonly absoluteDays: number;
  readonly archiveAfterDays: number;
  readonly retentionDays: number;
  /** IANA name: where the team's days begin. */
  readonly timeZone: string;
  readonly limits: TeamLimits;
}

export interface Team extends TeamPolicy {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export const KEY_SCOPES = [
  "sessions:read",
  "sessions:write",
  "messages:write",
  "stats:read",
  "operators",
  "admin",
] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

export interface TeamKey {
  readonly keyId: string;
  /** Shown this once. */
  readonly key: string;
}
