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

export const TOKEN_TRANSPORTS = ["bearer", "cookie"] as const;
/** How the token gets to its holder: in the JSON, or as a cookie that no script can read. */
export type TokenTransport = (typeof TOKEN_TRANSPORTS)[number];

export interface CreateSessionRequest {
  readonly teamId: string;
  /** A hint about a browser, never a key. */
  readonly userFingerprint?: string;
  readonly deviceInfo?: DeviceInfo;
  /** `bearer` when it is left out. */
  readonly tokenTransport?: TokenTransport;
  /** What Turnstile gave the page, where the deployment wants it. */
  readonly turnstileToken?: string;
  /** Team keys only: otherwise the edge says where the visitor is. */
  readonly locationInfo?: LocationInfo;
  /** Team keys only: the visitor's address; not stored. */
  readonly clientIp?: string;
}

/** What `create`, `resume` and `redeem` answer. */
export interface OpenedSession {
  readonly session: Session;
  /** The caller's own key to the session, shown this once; not here when it went into a cookie. */
  readonly token?: string;
  /** Opens a socket within 60 seconds. */
  readonly ticket: string;
}

/** The same where the token is in the answer. */
export interface SessionWithToken extends OpenedSession {
  readonly token: string;
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

export interface IdentifyRequest {
  /** A JWT signed by the team's backend. */
  readonly identityToken: string;
}

export interface ResumeSessionRequest extends IdentifyRequest {
  readonly teamId: string;
  /** Which of the person's sessions; the latest when it is left out. */
  readonly sessionId?: string;
  readonly deviceInfo?: DeviceInfo;
  readonly tokenTransport?: TokenTransport;
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
