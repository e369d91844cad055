// Who has a key to the session, and how keys go: devices, identity, theft. Whoever loses a key here has lost
// it when the call returns: their sockets are closed, and nothing more of theirs is stored.
import { hasRoomFor } from "../src/domain/credential-limits.ts";
import type { InviteRecord } from "../src/domain/invite.ts";
import { letInByThief } from "../src/domain/sponsor.ts";
import { isoTime } from "../src/domain/view.ts";
import type { AuditActor } from "../src/protocol/audit.ts";
import type { Failure, Result } from "../src/protocol/errors.ts";
import type { CredentialRole } from "../src/protocol/session.ts";
import type { Device, DeviceList } from "../src/protocol/sharing.ts";
import type { AccessStore, Credential } from "./access-store.ts";
import {
  auditActor,
  type Call,
  type NewCredential,
  type RefreshCall,
  type ResumeCall,
} from "./calls.ts";
import type { Credentials, Presented } from "./credentials.ts";
import type { IndexProjector } from "./index-projector.ts";
import type { MessageLog } from "./message-log.ts";
import type { SessionState } from "./session-state.ts";
import type { Sockets } from "./sockets.ts";
import type { SessionStore } from "./store.ts";

/** What of a session has to do with access to it. */
export interface Parts {
  readonly store: SessionStore;
  readonly accessStore: AccessStore;
  readonly credentials: Credentials;
  readonly state: SessionState;
  readonly log: MessageLog;
  readonly sockets: Sockets;
  readonly projector: IndexProjector;
}

export const TOO_MANY_CREDENTIALS: Failure = { ok: false, code: "too_many_credentials" };

/** What `Credentials.present` tells of a stolen one. */
type Stolen = Extract<Presented, { kind: "stolen" }>;

export class Access {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Lets one more device of the owner in, as long as there is room. */
  addOwner(device: NewCredential, now: number): Failure | undefined {
    if (!this.hasRoomFor("owner")) return TOO_MANY_CREDENTIALS;
    this.#parts.credentials.save(newCredential(device, "owner", null, now));
    return undefined;
  }

  /** Which of the successors offered the caller's secret gives way to, if any. */
  rotate({ actor, rotate, oneAtATime, successors }: RefreshCall): number | undefined {
    if (actor.kind !== "credential") return undefined;
    const { credentialId, secretDigest } = actor;
    const request = { force: rotate, oneAtATime, now: Date.now() };
    return this.#parts.credentials.rotate(credentialId, secretDigest, successors, request);
  }

  /** Everybody with a key, the one that asks first. */
  devices({ actor }: Call): Result<DeviceList> {
    const askingId = auditActor(actor).id;
    const connected = this.#parts.sockets.credentialIds();
    const devices = this.all()
      .map((one) => ({
        ...one,
        current: one.credentialId === askingId,
        connected: connected.has(one.credentialId),
      }))
      .sort((a, b) => Number(b.current) - Number(a.current));
    return { ok: true, devices };
  }

  /** Everybody with a key, the one last used first. */
  all(): Omit<Device, "current" | "connected">[] {
    return [...this.#parts.credentials]
      .sort((a, b) => b.lastUsedAt - a.lastUsedAt || b.createdAt - a.createdAt)
      .map((one) => ({
        credentialId: one.id,
        role: one.role,
        deviceInfo: one.deviceInfo,
        locationInfo: one.locationInfo,
        createdAt: isoTime(one.createdAt),
        lastUsedAt: isoTime(one.lastUsedAt),
        ...(one.inviteId !== null && { inviteId: one.inviteId }),
      }));
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
    this.revoke(revoked, () => this.recordRevoked(revoked, actor, "device", now));
    return { ok: true };
  }

  /**
   * A secret came that was replaced long ago. Nobody can tell which holder is the thief, so both are shut out, and with
   * them whoever may have been let in by the thief.
   */
  revokeStolen({ credential, generation }: Stolen, now: number): void {
    const { accessStore, credentials, projector } = this.#parts;
    const { id } = credential;
    const actor: AuditActor = { kind: "credential", id };
    const letIn = letInByThief([...credentials], { id, generation });
    const gone = new Set([id, ...letIn.map((one) => one.id)]);
    const invites = accessStore
      .invites()
      .filter(({ sponsor }) =>
        sponsor.credentialId === id
          ? sponsor.generation > generation
          : gone.has(sponsor.credentialId),
      );
    this.revoke([credential, ...letIn], () => {
      for (const invite of invites) accessStore.deleteInvite(invite.id);
      projector.record({ type: "credential.superseded_secret_used", actor }, now);
      this.recordRevoked(letIn, actor, "let_in_by_thief", now);
    });
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
    this.revoke([...this.#parts.credentials], () => {
      for (const { id } of this.#parts.accessStore.invites())
        this.#parts.accessStore.deleteInvite(id);
      this.#parts.credentials.save(newCredential(device, "owner", null, now));
      this.#parts.state.identify(userId, this.#parts.log.head.lastSeq, now);
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
    const revoked = this.hasRoomFor("owner") || oldest === undefined ? [] : [oldest];
    this.revoke(revoked, () => {
      this.#parts.credentials.save(newCredential(credential, "owner", null, now));
      this.#parts.projector.record({ type: "session.resumed", actor, details: { userId } }, now);
      this.recordRevoked(revoked, actor, "device_cap", now);
    });
    return undefined;
  }

  /** Answers what was submitted, then shuts `revoked` out, in one transaction with what goes along. */
  revoke(revoked: readonly Credential[], along: () => void): void {
    this.#parts.log.flush();
    this.#parts.store.transaction(() => {
      for (const { id } of revoked) this.#parts.credentials.remove(id);
      // An owner's device may know the idempotency key, and would be back in with it.
      if (revoked.some(({ role }) => role === "owner")) this.#parts.state.spendKey(Date.now());
      along();
    });
    this.#parts.sockets.closeRevoked(new Set(revoked.map(({ id }) => id)));
  }

  /** Tells of each, in the transaction that shuts them out. */
  recordRevoked(
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

  hasRoomFor(role: CredentialRole): boolean {
    const roles = [...this.#parts.credentials].map((one) => one.role);
    return hasRoomFor(role, roles);
  }
}

export function newCredential(
  { id, secretDigest, deviceInfo, locationInfo }: NewCredential,
  role: CredentialRole,
  invite: Pick<InviteRecord, "id" | "sponsor"> | null,
  now: number,
): Credential {
  return {
    id,
    role,
    secrets: { digest: secretDigest, generation: 0, mintedAt: now, superseded: [] },
    deviceInfo,
    locationInfo,
    inviteId: invite?.id ?? null,
    sponsor: invite?.sponsor ?? null,
    createdAt: now,
    lastUsedAt: now,
  };
}
