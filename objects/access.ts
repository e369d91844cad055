// Who has a key to the session, and how keys come and go: invites, devices, identity. Whoever loses a key here has lost
// it when the call returns: their sockets are closed, and nothing more of theirs is stored.
import { hasRoomFor } from "../src/domain/credential-limits.ts";
import { type InviteRecord, inviteTerms, isRedeemable } from "../src/domain/invite.ts";
import { isoTime } from "../src/domain/view.ts";
import type { AuditActor } from "../src/protocol/audit.ts";
import type { Failure, Result } from "../src/protocol/errors.ts";
import { MAX_INVITES_PER_SESSION } from "../src/protocol/limits.ts";
import type { DeviceList, Invite, InviteList } from "../src/protocol/rest.ts";
import type { CredentialRole } from "../src/protocol/session.ts";
import type { AccessStore, Credential } from "./access-store.ts";
import {
  type Actor,
  auditActor,
  type Call,
  type CreateInviteCall,
  type NewCredential,
  type RedeemCall,
  type ResumeCall,
} from "./calls.ts";
import { type Credentials, isSameDigest } from "./credentials.ts";
import type { IndexProjector } from "./index-projector.ts";
import type { MessageLog } from "./message-log.ts";
import type { SessionState } from "./session-state.ts";
import type { Sockets } from "./sockets.ts";
import type { SessionStore } from "./store.ts";

/** What of a session has to do with access to it. */
interface Parts {
  readonly store: SessionStore;
  readonly accessStore: AccessStore;
  readonly credentials: Credentials;
  readonly state: SessionState;
  readonly log: MessageLog;
  readonly sockets: Sockets;
  readonly projector: IndexProjector;
}

const INVITE_EXPIRED: Failure = { ok: false, code: "invite_expired" };
const TOO_MANY_CREDENTIALS: Failure = { ok: false, code: "too_many_credentials" };

export class Access {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Lets one more device of the owner in, as long as there is room. */
  addOwner(device: NewCredential, now: number): Failure | undefined {
    if (!this.#hasRoomFor("owner")) return TOO_MANY_CREDENTIALS;
    this.#parts.credentials.save(newCredential(device, "owner", null, now));
    return undefined;
  }

  /** Everybody with a key, the one that asks first. */
  devices({ actor }: Call): Result<DeviceList> {
    const askingId = auditActor(actor).id;
    const connected = this.#parts.sockets.credentialIds();
    const devices = [...this.#parts.credentials]
      .sort((a, b) => b.lastUsedAt - a.lastUsedAt || b.createdAt - a.createdAt)
      .map((one) => ({
        credentialId: one.id,
        role: one.role,
        current: one.id === askingId,
        connected: connected.has(one.id),
        deviceInfo: one.deviceInfo,
        locationInfo: one.locationInfo,
        createdAt: isoTime(one.createdAt),
        lastUsedAt: isoTime(one.lastUsedAt),
        ...(one.inviteId !== null && { inviteId: one.inviteId }),
      }))
      .sort((a, b) => Number(b.current) - Number(a.current));
    return { ok: true, devices };
  }

  /**
   * Shuts out one device, or all but the one that asks.
   * @param which a credential's id, or `others`
   */
  revokeDevice(call: Call, which: string): Result<object> {
    const actor = auditActor(call.actor);
    const revoked = [...this.#parts.credentials].filter((one) =>
      which === "others" ? one.id !== actor.id : one.id === which,
    );
    if (revoked.length === 0 && which !== "others") return { ok: false, code: "device_not_found" };
    const now = Date.now();
    this.#revoke(revoked, () => this.#recordRevoked(revoked, actor, "device", now));
    return { ok: true };
  }

  /** A secret came that was replaced long ago: nobody can tell which holder is the thief, so both are shut out. */
  revokeStolen(stolen: Credential, now: number): void {
    const actor: AuditActor = { kind: "credential", id: stolen.id };
    this.#revoke([stolen], () =>
      this.#parts.projector.record({ type: "credential.superseded_secret_used", actor }, now),
    );
  }

  /** A hand-off gives the session away for good, and so wants a key that a thief of an old one does not have. */
  createInvite({ actor: caller, invite, request }: CreateInviteCall): Result<{ invite: Invite }> {
    const now = Date.now();
    if (request.role === "owner" && !this.#isFresh(caller, now)) {
      return { ok: false, code: "fresh_credential_needed" };
    }
    const actor = auditActor(caller);
    const record = { ...inviteTerms(request, now), ...invite, createdAt: now, uses: 0 };
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
  invites(): Result<InviteList> {
    const now = Date.now();
    const invites = this.#parts.accessStore
      .invites()
      .filter((one) => isRedeemable(one, now) || this.#devicesOf(one.id) > 0)
      .map((one) => this.#view(one));
    return { ok: true, invites };
  }

  /** Takes an invite back, and, if asked, the credentials that it made. */
  revokeInvite(call: Call, id: string, revokeCredentials: boolean): Result<object> {
    if (this.#parts.accessStore.invite(id) === undefined) {
      return { ok: false, code: "invite_not_found" };
    }
    const actor = auditActor(call.actor);
    const now = Date.now();
    const made = [...this.#parts.credentials].filter((one) => one.inviteId === id);
    this.#revoke(revokeCredentials ? made : [], () => {
      this.#parts.accessStore.deleteInvite(id);
      this.#parts.projector.record(
        { type: "invite.revoked", actor, details: { inviteId: id } },
        now,
      );
      if (revokeCredentials) this.#recordRevoked(made, actor, "invite", now);
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
    if (!this.#hasRoomFor(role)) return TOO_MANY_CREDENTIALS;
    this.#parts.store.transaction(() => {
      this.#parts.accessStore.saveInvite({ ...invite, uses: invite.uses + 1 });
      this.#parts.credentials.save(newCredential(call.credential, role, invite.id, now));
      const actor: AuditActor = { kind: "credential", id: call.credential.id };
      this.#parts.projector.record(
        { type: "invite.redeemed", actor, details: { inviteId: invite.id, role } },
        now,
      );
    });
    return { ok: true, role };
  }

  /**
   * Binds the session to a person. Everybody who had a key before, the presenting credential too, is shut out, and no
   * invite or idempotency key of before opens it any more: whoever planted or shared one of them gains nothing.
   * True when the new credential took their place, false when the session was this person's already.
   */
  identify(userId: string, device: NewCredential, actor: AuditActor): Result<{ isNew: boolean }> {
    const { record } = this.#parts.state;
    if (record.userId === userId) return { ok: true, isNew: false };
    if (record.userId !== null) return { ok: false, code: "identity_conflict" };
    const now = Date.now();
    this.#revoke([...this.#parts.credentials], () => {
      for (const { id } of this.#parts.accessStore.invites())
        this.#parts.accessStore.deleteInvite(id);
      this.#parts.credentials.save(newCredential(device, "owner", null, now));
      this.#parts.state.identify(userId, now);
      this.#parts.projector.markSession(now);
      this.#parts.projector.record({ type: "session.identified", actor, details: { userId } }, now);
    });
    return { ok: true, isNew: true };
  }

  /** Lets another device of the person in, in place of the one longest unused, and best not connected, where there is no room. */
  resume({ userId, credential }: ResumeCall): Failure | undefined {
    if (!this.#parts.state.isActive || this.#parts.state.record.userId !== userId) {
      return { ok: false, code: "session_not_found" };
    }
    const now = Date.now();
    const actor: AuditActor = { kind: "credential", id: credential.id };
    const connected = this.#parts.sockets.credentialIds();
    // A connection is a use, though only calls are noted as one.
    const [oldest] = [...this.#parts.credentials].sort(
      (a, b) =>
        Number(connected.has(a.id)) - Number(connected.has(b.id)) || a.lastUsedAt - b.lastUsedAt,
    );
    const revoked = this.#hasRoomFor("owner") || oldest === undefined ? [] : [oldest];
    this.#revoke(revoked, () => {
      this.#parts.credentials.save(newCredential(credential, "owner", null, now));
      this.#parts.projector.record({ type: "session.resumed", actor, details: { userId } }, now);
      this.#recordRevoked(revoked, actor, "device_cap", now);
    });
    return undefined;
  }

  #isFresh(actor: Actor, now: number): boolean {
    return (
      actor.kind === "credential" &&
      this.#parts.credentials.isFresh(actor.credentialId, actor.secretDigest, now)
    );
  }

  /** Answers what was submitted, then shuts `revoked` out, in one transaction with what goes along. */
  #revoke(revoked: readonly Credential[], along: () => void): void {
    this.#parts.log.flush();
    this.#parts.store.transaction(() => {
      for (const { id } of revoked) this.#parts.credentials.remove(id);
      // An owner's device may know the idempotency key, and would be back in with it.
      if (revoked.some(({ role }) => role === "owner")) this.#parts.state.spendKey(Date.now());
      along();
    });
    this.#parts.sockets.closeRevoked(new Set(revoked.map(({ id }) => id)));
  }

  #recordRevoked(
    revoked: readonly Credential[],
    actor: AuditActor,
    reason: string,
    now: number,
  ): void {
    for (const { id, role } of revoked) {
      const details = { credentialId: id, role, reason };
      this.#parts.projector.record({ type: "credential.revoked", actor, details }, now);
    }
  }

  #hasRoomFor(role: CredentialRole): boolean {
    const roles = [...this.#parts.credentials].map((one) => one.role);
    return hasRoomFor(role, roles);
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

export function newCredential(
  { id, secretDigest, deviceInfo, locationInfo }: NewCredential,
  role: CredentialRole,
  inviteId: string | null,
  now: number,
): Credential {
  return {
    id,
    role,
    secrets: { digest: secretDigest, mintedAt: now, superseded: [] },
    deviceInfo,
    locationInfo,
    inviteId,
    createdAt: now,
    lastUsedAt: now,
  };
}
