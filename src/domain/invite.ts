// An invite lets its holder make a credential: a share link for guests, a hand-off for another device of the owner.
import {
  DEFAULT_INVITE_SECONDS,
  DEFAULT_INVITE_USES,
  MAX_HANDOFF_SECONDS,
} from "../protocol/limits.ts";
import type { CredentialRole } from "../protocol/session.ts";
import type { CreateInviteRequest } from "../protocol/sharing.ts";
import type { Sponsor } from "./sponsor.ts";

/** Times are epoch milliseconds. */
export interface InviteRecord {
  readonly id: string;
  readonly role: CredentialRole;
  readonly secretDigest: Uint8Array;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly maxUses: number;
  readonly uses: number;
  readonly sponsor: Sponsor;
}

export type InviteTerms = Pick<InviteRecord, "role" | "expiresAt" | "maxUses">;

/** What was asked for, with the defaults; a hand-off works once. */
export function inviteTerms(
  { role, expiresInSeconds, maxUses }: CreateInviteRequest,
  now: number,
): InviteTerms {
  const isHandOff = role === "owner";
  const seconds = expiresInSeconds ?? (isHandOff ? MAX_HANDOFF_SECONDS : DEFAULT_INVITE_SECONDS);
  return {
    role,
    expiresAt: now + seconds * 1000,
    maxUses: isHandOff ? 1 : (maxUses ?? DEFAULT_INVITE_USES),
  };
}

export function isRedeemable({ expiresAt, maxUses, uses }: InviteRecord, now: number): boolean {
  return now < expiresAt && uses < maxUses;
}
