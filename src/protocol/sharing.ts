// Shapes of the REST calls by which an owner lets others in, and sees and ends who has access.
import type { OpenedSession, TokenTransport } from "./rest.ts";
import type { CredentialRole, DeviceInfo, LocationInfo } from "./session.ts";

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
