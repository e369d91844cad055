// Links that let others in, and another device of the owner: made, listed, taken back, redeemed.
import { type InviteRecord, inviteTerms, isRedeemable } from "../src/domain/invite.ts";
import { isoTime } from "../src/domain/view.ts";
import type { AuditActor } from "../src/protocol/audit.ts";
import type { Failure, Result } from "../src/protocol/errors.ts";
import { MAX_INVITES_PER_SESSION } from "../src/protocol/limits.ts";
import type { CredentialRole } from "../src/protocol/session.ts";
import type { Invite, InviteList } from "../src/protocol/sharing.ts";
import { type Access, newCredential, type Parts, TOO_MANY_CREDENTIALS } from "./access.ts";
import { auditActor, type Call, type CreateInviteCall, type RedeemCall } from "./calls.ts";
import { isSameDigest } from "./credentials.ts";

const INVITE_EXPIRED: Failure = { ok: false, code: "invite_expired" };

export class Invites {
  readonly #parts: Parts;
  readonly #access: Access;

  constructor(parts: Parts, access: Access) {
    this.#parts = parts;
    this.#access = access;
  }

  /** A hand-off gives the session away for good, and so wants a key that a thief of an old one does not have. */
  create({ actor: caller, invite, request }: CreateInviteCall): Result<{ invite: Invite }> {
    if (caller.kind !== "credential") return { ok: false, code: "forbidden" };
    const { credentialId, secretDigest } = caller;
    const { credentials } = this.#parts;
    const now = Date.now();
    if (request.role === "owner" && !credentials.isFresh(credentialId, secretDigest, now)) {
      return { ok: false, code: "fresh_credential_needed" };
    }
    const actor = auditActor(caller);
    const generation = credentials.generationOf(credentialId, secretDigest) ?? 0;
    const sponsor = { credentialId, generation };
    const record = { ...inviteTerms(request, now), ...invite, createdAt: now, uses: 0, sponsor };
    const known = this.#parts.accessStore.invites();
    const over = known.filter((one) => !isRedeemable(one, now));
    if (known.length - over.length >= MAX_INVITES_PER_SESSION) {
      return { ok: false, code: "too_many_invites" };
    }
    this.#parts.store.transaction(() => {
      for (const { id } of over)
        if (this.#devicesOf(id) === 0) this.#parts.accessStore.deleteInvite(id);
      this.#parts.accessStore.saveInvite(record);
      const { id, role, maxUses } = record;
      const details = { inviteId: id, role, maxUses, expiresAt: isoTime(record.expiresAt) };
      this.#parts.projector.record({ type: "invite.created", actor, details }, now);
    });
    return { ok: true, invite: this.#view(record) };
  }

  /** Those that open the session, and those that let somebody in who still has access. */
  list(): Result<InviteList> {
    const now = Date.now();
    const invites = this.#parts.accessStore
      .invites()
      .filter((one) => isRedeemable(one, now) || this.#devicesOf(one.id) > 0)
      .map((one) => this.#view(one));
    return { ok: true, invites };
  }

  /** All that are held. */
  all(): Invite[] {
    return this.#parts.accessStore.invites().map((one) => this.#view(one));
  }

  /** Takes an invite back, and, if asked, the credentials that it made. */
  revoke(call: Call, id: string, revokeCredentials: boolean): Result<object> {
    if (this.#parts.accessStore.invite(id) === undefined) {
      return { ok: false, code: "invite_not_found" };
    }
    const actor = auditActor(call.actor);
    const now = Date.now();
    const made = [...this.#parts.credentials].filter((one) => one.inviteId === id);
    this.#access.revoke(revokeCredentials ? made : [], () => {
      this.#parts.accessStore.deleteInvite(id);
      this.#parts.projector.record(
        { type: "invite.revoked", actor, details: { inviteId: id } },
        now,
      );
      if (revokeCredentials) this.#access.recordRevoked(made, actor, "invite", now);
    });
    return { ok: true };
  }

  /** Makes a credential of an invite. What its secret no longer opens is over, whatever the reason. */
  redeem(call: RedeemCall): Result<{ role: CredentialRole }> {
    const now = Date.now();
    const invite = this.#parts.accessStore.invite(call.inviteId);
    if (invite === undefined || !this.#parts.state.isActive) return INVITE_EXPIRED;
    const isRight = isSameDigest(invite.secretDigest, call.secretDigest);
    if (!isRight || !isRedeemable(invite, now)) return INVITE_EXPIRED;
    const { role } = invite;
    if (role !== "owner" && call.intoCookie) return { ok: false, code: "forbidden" };
    if (!this.#access.hasRoomFor(role)) return TOO_MANY_CREDENTIALS;
    this.#parts.store.transaction(() => {
      this.#parts.accessStore.saveInvite({ ...invite, uses: invite.uses + 1 });
      this.#parts.credentials.save(newCredential(call.credential, role, invite, now));
      const actor: AuditActor = { kind: "credential", id: call.credential.id };
      this.#parts.projector.record(
        { type: "invite.redeemed", actor, details: { inviteId: invite.id, role } },
        now,
      );
    });
    return { ok: true, role };
  }

  #view(invite: InviteRecord): Invite {
    return {
      inviteId: invite.id,
      role: invite.role,
      createdAt: isoTime(invite.createdAt),
      expiresAt: isoTime(invite.expiresAt),
      maxUses: invite.maxUses,
      uses: invite.uses,
      devices: this.#devicesOf(invite.id),
    };
  }

  #devicesOf(inviteId: string): number {
    return [...this.#parts.credentials].filter((one) => one.inviteId === inviteId).length;
  }
}
