// Teams, and what opens them: their policy, keys and staff.

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
  /** The team's own id of the person; visitors see it as the author's. */
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
