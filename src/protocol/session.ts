export const SESSION_STATUSES = ["active", "expired", "terminated"] as const;
export type SessionStatus = (typeof SESSION_STATUSES)[number];

export const END_REASONS = ["idle", "absolute", "terminated", "erased"] as const;
export type EndReason = (typeof END_REASONS)[number];

export const CREDENTIAL_ROLES = ["owner", "writer", "reader"] as const;
/** What a credential lets its holder do; `operator` is a member of the team's staff. */
export type CredentialRole = (typeof CREDENTIAL_ROLES)[number];
export type ConnectionRole = CredentialRole | "operator";

export const DEVICE_TYPES = ["desktop", "mobile", "tablet", "other"] as const;
export type DeviceType = (typeof DEVICE_TYPES)[number];

/** What a client says of its device: bounded, never trusted. */
export interface DeviceInfo {
  readonly browser?: string;
  readonly browserVersion?: string;
  readonly os?: string;
  readonly osVersion?: string;
  readonly deviceType?: DeviceType;
  readonly userAgent?: string;
  /** CSS pixels. */
  readonly screen?: { readonly width: number; readonly height: number };
  /** IANA name. */
  readonly timeZone?: string;
  /** BCP 47 tags, preferred first. */
  readonly languages?: readonly string[];
}

/** Where the edge, or the team's backend, says the visitor is. */
export interface LocationInfo {
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  readonly region?: string;
  readonly city?: string;
  readonly timeZone?: string;
}

/** A session as its readers see it. Times are ISO 8601 in UTC. Readers and writers get no `userId`, `deviceInfo`, `locationInfo`. */
export interface Session {
  readonly id: string;
  readonly teamId: string;
  readonly status: SessionStatus;
  readonly endReason?: EndReason;
  /** Grows by one with each change of the record: the higher one wins, whatever the clocks say. */
  readonly version: number;
  readonly userId?: string;
  readonly deviceInfo?: DeviceInfo;
  readonly locationInfo?: LocationInfo;
  readonly createdAt: string;
  readonly lastAccessed: string;
  readonly expiresAt: string;
  readonly defaultConversationId: string;
  readonly lastSeq: number;
}

/** A session as lists across sessions show it. */
export interface SessionSummary {
  readonly id: string;
  readonly teamId: string;
  readonly status: SessionStatus;
  readonly endReason?: EndReason;
  readonly userId?: string;
  readonly deviceInfo: DeviceInfo;
  readonly locationInfo: LocationInfo;
  readonly createdAt: string;
  readonly lastAccessed: string;
  readonly expiresAt: string;
  readonly endedAt?: string;
}
