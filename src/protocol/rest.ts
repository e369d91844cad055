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

/** A key without its secret. */
export interface TeamKeySummary {
  readonly keyId: string;
  readonly scopes: readonly KeyScope[];
  readonly createdAt: string;
  readonly revokedAt?: string;
}

export interface TeamKeyList {
  readonly keys: readonly TeamKeySummary[];
}

export const IDENTITY_ALGORITHMS = ["HS256", "ES256"] as const;
export type IdentityAlgorithm = (typeof IDENTITY_ALGORITHMS)[number];

/** The public half of a P-256 key, RFC 7517. */
export interface EcPublicJwk {
  readonly kty: "EC";
  readonly crv: "P-256";
  readonly x: string;
  readonly y: string;
}

export interface CreateIdentityKeyRequest {
  readonly algorithm: IdentityAlgorithm;
  /** For ES256. */
  readonly publicKey?: EcPublicJwk;
}

export interface CreatedIdentityKey {
  /** Goes into the header of every token that is signed with it. */
  readonly kid: string;
  /** For HS256: base64url of 32 bytes, shown this once. */
  readonly secret?: string;
}

export interface IdentityKey {
  readonly kid: string;
  readonly algorithm: IdentityAlgorithm;
  readonly createdAt: string;
  readonly revokedAt?: string;
}

export interface IdentityKeyList {
  readonly keys: readonly IdentityKey[];
}

export interface CreateOperatorTokenRequest {
  /** The team's own id of the person. */
  readonly operatorId: string;
  readonly name: string;
  readonly avatarUrl?: string;
  /** At most twelve hours, which is also the default. */
  readonly expiresInSeconds?: number;
}

export interface OperatorToken {
  readonly operatorToken: string;
  /** Signs the person in; the token is in its fragment. */
  readonly dashboardUrl: string;
  readonly expiresAt: string;
}
