// Shapes of the REST calls. Field by field they are what `GET /api/openapi.json` describes.
import type { Conversation } from "./conversation.ts";
import type { Message } from "./message.ts";
import type {
  CredentialRole,
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

export interface CreateInviteRequest {
  /** `owner` is a hand-off: one use, ten minutes at most. */
  readonly role: CredentialRole;
  readonly expiresInSeconds?: number;
  readonly maxUses?: number;
  /** Where the link leads, on one of the team's origins; the calling page's origin when it is left out. */
  readonly pageUrl?: string;
}

/** Names the secret in a link's fragment, which no server and no log ever sees. */
export const INVITE_FRAGMENT = "ds-invite";

export interface CreatedInvite {
  readonly inviteId: string;
  /** The secret is in its fragment, as `#ds-invite=…`; shown this once. */
  readonly url: string;
  readonly expiresAt: string;
}

export interface Invite {
  readonly inviteId: string;
  readonly role: CredentialRole;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly maxUses: number;
  readonly uses: number;
  /** Devices that came in by it and still have access. */
  readonly devices: number;
}

export interface InviteList {
  /** Those that still open the session or have let somebody in who still has access; newest first. */
  readonly invites: readonly Invite[];
}

export interface RedeemInviteRequest {
  readonly secret: string;
  readonly deviceInfo?: DeviceInfo;
  /** `cookie` only for a hand-off: a guest's key stays in its tab. */
  readonly tokenTransport?: TokenTransport;
}

export interface RedeemedInvite extends OpenedSession {
  readonly role: CredentialRole;
}

/** Somebody's access to the session: one credential, without its secret. */
export interface Device {
  readonly credentialId: string;
  readonly role: CredentialRole;
  /** Whether it is the one that asks. */
  readonly current: boolean;
  /** Whether it has a connection now. */
  readonly connected: boolean;
  readonly deviceInfo: DeviceInfo;
  readonly locationInfo: LocationInfo;
  readonly createdAt: string;
  /** To within an hour. */
  readonly lastUsedAt: string;
  /** The invite by which it came in. */
  readonly inviteId?: string;
}

export interface DeviceList {
  /** Those with access, the one that asks first. */
  readonly devices: readonly Device[];
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
