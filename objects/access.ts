// Who has a key to the session, and how keys come and go: invites, devices, identity. Whoever loses a key here has lost
// it when the call returns: their sockets are closed, and nothing more of theirs is stored.
import { inviteTerms, isRedeemable } from "../src/domain/invite.ts";
import { isoTime } from "../src/domain/view.ts";
import type { AuditActor } from "../src/protocol/audit.ts";
import type { Failure, Result } from "../src/protocol/errors.ts";
import {
  MAX_CREDENTIALS_PER_SESSION,
  MAX_GUESTS_PER_SESSION,
  MAX_INVITES_PER_SESSION,
} from "../src/protocol/limits.ts";
import type { Device, Invite } from "../src/protocol/rest.ts";
import type { CredentialRole } from "../src/protocol/session.ts";
import type { AccessStore, Credential } from "./access-store.ts";
import type { CreateInviteCall, NewCredential, RedeemCall, ResumeCall } from "./calls.ts";
import type { Credentials } from "./credentials.ts";
import type { IndexProjector } from "./index-projector.ts";
import type { MessageLog } from "./message-log.ts";
import type { SessionState } from "./session-state.ts";
import type { Sockets } from "./sockets.ts";
import type { SessionStore } from "./store.ts";

/** Adds to the audit trail, in the transaction of the change. */
type Record = IndexProjector["record"];

const INVITE_EXPIRED: Failure = { ok: false, code: "invite_expired" };
const TOO_MANY_CREDENTIALS: Failure = { ok: false, code: "too_many_credentials" };

export class Access {
  readonly #store: SessionStore;
  readonly #keys: AccessStore;
  readonly #credentials: Credentials;
  readonly #state: SessionState;
  readonly #log: MessageLog;
  readonly #sockets: Sockets;
  readonly #record: Record;

  constructor(
    store: SessionStore,
    keys: AccessStore,
    credentials: Credentials,
    state: SessionState,
    log: MessageLog,
    sockets: Sockets,
    record: Record,
  ) {
    this.#store = store;
    this.#keys = keys;
    this.#credentials = credentials;
    this.#state = state;
    this.#log = log;
    this.#sockets = sockets;
    this.#record = record;
  }

  /** Lets one more device of the owner in, as long as there is room. */
  addOwner(device: NewCredential, now: number): Failure | undefined {
    if (this.#credentials.size >= MAX_CREDENTIALS_PER_SESSION) return TOO_MANY_CREDENTIALS;
    this.#credentials.save(newCredential(device, "owner", null, now));
    return undefined;
  }

  devices(askingId: string | undefined): Device[] {
    const connected = this.#sockets.credentialIds();
    return [...this.#credentials]
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
  }

  /** Shuts out one device, or all but the one that asks. False when there is no such device. */
  revokeDevice(id: string | "others", askingId: string | undefined, actor: AuditActor): boolean {
    const revoked = [...this.#credentials].filter((one) =>
      id === "others" ? one.id !== askingId : one.id === id,
    );
    if (revoked.length === 0) return id === "others";
    const now = Date.now();
    this.#revoke(revoked, () => this.#recordRevoked(revoked, actor, "device", now));
    return true;
  }

  /** A secret came that was replaced long ago: nobody can tell which holder is the thief, so both are shut out. */
  revokeStolen(stolen: Credential, now: number): void {
    const actor: AuditActor = { kind: "credential", id: stolen.id };
    this.#revoke([stolen], () =>
      this.#record({ type: "credential.superseded_secret_used", actor }, now),
    );
  }

  createInvite(
    { invite, request }: CreateInviteCall,
    actor: AuditActor,
  ): Result<{ invite: Invite }> {
    const now = Date.now();
    const record = { ...inviteTerms(request, now), ...invite, createdAt: now, uses: 0 };
    const known = this.#keys.invites();
    const over = known.filter((one) => !isRedeemable(one, now));
    if (known.length - over.length >= MAX_INVITES_PER_SESSION) {
      return { ok: false, code: "too_many_invites" };
    }
    this.#store.transaction(() => {
      for (const { id } of over) if (this.#devicesOf(id) === 0) this.#keys.deleteInvite(id);
      this.#keys.saveInvite(record);
      const { id, role, maxUses } = record;
      const details = { inviteId: id, role, maxUses, expiresAt: isoTime(record.expiresAt) };
      this.#record({ type: "invite.created", actor, details }, now);
    });
    return { ok: true, invite: this.#view(record) };
  }

  invites(): Invite[] {
    const now = Date.now();
    return this.#keys
      .invites()
      .map((one) => ({ one, view: this.#view(one) }))
      .filter(({ one, view }) => isRedeemable(one, now) || view.devices > 0)
      .map(({ view }) => view);
  }

  /** Takes an invite back, and, if asked, the credentials that it made. False when there is no such invite. */
  revokeInvite(id: string, revokeCredentials: boolean, actor: AuditActor): boolean {
    if (this.#keys.invite(id) === undefined) return false;
    const now = Date.now();
    const made = [...this.#credentials].filter((one) => one.inviteId === id);
    this.#revoke(revokeCredentials ? made : [], () => {
      this.#keys.deleteInvite(id);
      this.#record({ type: "invite.revoked", actor, details: { inviteId: id } }, now);
      if (revokeCredentials) this.#recordRevoked(made, actor, "invite", now);
    });
    return true;
  }

  /** Makes a credential of an invite. What its secret no longer opens is over, whatever the reason. */
  redeem(call: RedeemCall): Result<{ role: CredentialRole }> {
    const now = Date.now();
    const invite = this.#keys.invite(call.inviteId);
    if (invite === undefined || !this.#state.isActive) return INVITE_EXPIRED;
    const isRight =
      invite.secretDigest.byteLength === call.secretDigest.byteLength &&
      crypto.subtle.timingSafeEqual(invite.secretDigest, call.secretDigest);
    if (!isRight || !isRedeemable(invite, now)) return INVITE_EXPIRED;
    const { role } = invite;
    if (role !== "owner" && call.intoCookie) return { ok: false, code: "forbidden" };
    const guests = [...this.#credentials].filter((one) => one.role !== "owner").length;
    if (
      this.#credentials.size >= MAX_CREDENTIALS_PER_SESSION ||
      (role !== "owner" && guests >= MAX_GUESTS_PER_SESSION)
    ) {
      return TOO_MANY_CREDENTIALS;
    }
    this.#store.transaction(() => {
      this.#keys.saveInvite({ ...invite, uses: invite.uses + 1 });
      this.#credentials.save(newCredential(call.credential, role, invite.id, now));
      const actor: AuditActor = { kind: "credential", id: call.credential.id };
      this.#record({ type: "invite.redeemed", actor, details: { inviteId: invite.id, role } }, now);
    });
    return { ok: true, role };
  }

  /**
   * Binds the session to a person. Everybody who had a key before, the presenting credential too, is shut out, and no
   * invite or idempotency key of before opens it any more: whoever planted or shared one of them gains nothing.
   * True when the new credential took their place, false when the session was this person's already.
   */
  identify(userId: string, device: NewCredential, actor: AuditActor): Result<{ isNew: boolean }> {
    const { record } = this.#state;
    if (record.userId === userId) return { ok: true, isNew: false };
    if (record.userId !== null) return { ok: false, code: "identity_conflict" };
    const now = Date.now();
    this.#revoke([...this.#credentials], () => {
      for (const { id } of this.#keys.invites()) this.#keys.deleteInvite(id);
      this.#credentials.save(newCredential(device, "owner", null, now));
      this.#state.identify(userId, now);
      this.#record({ type: "session.identified", actor, details: { userId } }, now);
    });
    return { ok: true, isNew: true };
  }

  /** Lets another device of the person in, in place of the one longest unused, and best not connected, where there is no room. */
  resume({ userId, credential }: ResumeCall): Failure | undefined {
    if (!this.#state.isActive || this.#state.record.userId !== userId) {
      return { ok: false, code: "session_not_found" };
    }
    const now = Date.now();
    const actor: AuditActor = { kind: "credential", id: credential.id };
    const connected = this.#sockets.credentialIds();
    // A connection is a use, though only calls are noted as one.
    const [oldest] = [...this.#credentials].sort(
      (a, b) =>
        Number(connected.has(a.id)) - Number(connected.has(b.id)) || a.lastUsedAt - b.lastUsedAt,
    );
    const isFull = this.#credentials.size >= MAX_CREDENTIALS_PER_SESSION;
    const revoked = isFull && oldest !== undefined ? [oldest] : [];
    this.#revoke(revoked, () => {
      this.#credentials.save(newCredential(credential, "owner", null, now));
      this.#record({ type: "session.resumed", actor, details: { userId } }, now);
      this.#recordRevoked(revoked, actor, "device_cap", now);
    });
    return undefined;
  }

  /** Answers what was submitted, then shuts `revoked` out, in one transaction with what goes along. */
  #revoke(revoked: readonly Credential[], along: () => void): void {
    this.#log.flush();
    this.#store.transaction(() => {
      for (const { id } of revoked) this.#credentials.remove(id);
      // An owner's device may know the idempotency key, and would be back in with it.
      if (revoked.some(({ role }) => role === "owner")) this.#state.spendKey(Date.now());
      along();
    });
    this.#sockets.closeRevoked(new Set(revoked.map(({ id }) => id)));
  }

  #recordRevoked(
    revoked: readonly Credential[],
    actor: AuditActor,
    reason: string,
    now: number,
  ): void {
    for (const { id, role } of revoked) {
      const details = { credentialId: id, role, reason };
      this.#record({ type: "credential.revoked", actor, details }, now);
    }
  }

  #view(invite: ReturnType<AccessStore["invites"]>[number]): Invite {
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
    return [...this.#credentials].filter((one) => one.inviteId === inviteId).length;
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
