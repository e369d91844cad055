// All SQL on who has a key to the session: credentials and invites.
import type { Secrets, SupersededSecret } from "../src/domain/credential.ts";
import type { InviteRecord } from "../src/domain/invite.ts";
import type { Sponsor } from "../src/domain/sponsor.ts";
import type { CredentialRole, DeviceInfo, LocationInfo } from "../src/protocol/session.ts";

/** One device's key to the session; times are epoch milliseconds. */
export interface Credential {
  readonly id: string;
  readonly role: CredentialRole;
  readonly secrets: Secrets;
  readonly deviceInfo: DeviceInfo;
  readonly locationInfo: LocationInfo;
  /** The invite that it was made by. */
  readonly inviteId: string | null;
  readonly sponsor: Sponsor | null;
  readonly createdAt: number;
  readonly lastUsedAt: number;
}

export class AccessStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  credentials(): Credential[] {
    return this.#sql
      .exec<CredentialRow>("SELECT * FROM credentials")
      .toArray()
      .map((row) => ({
        id: row.id,
        role: row.role as CredentialRole,
        secrets: {
          digest: new Uint8Array(row.secret_digest),
          generation: row.generation,
          mintedAt: row.minted_at,
          superseded: decodeSuperseded(row.superseded),
        },
        deviceInfo: JSON.parse(row.device_info) as DeviceInfo,
        locationInfo: JSON.parse(row.location_info) as LocationInfo,
        inviteId: row.invite_id,
        sponsor: sponsorOf(row),
        createdAt: row.created_at,
        lastUsedAt: row.last_used_at,
      }));
  }

  /** The credential as given, in place of what was stored under its id. */
  saveCredential(credential: Credential): void {
    const { secrets } = credential;
    this.#sql.exec(
      `INSERT OR REPLACE INTO credentials (id, role, secret_digest, generation, minted_at, superseded, device_info, location_info,
         invite_id, sponsor_id, sponsor_generation, created_at, last_used_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      credential.id,
      credential.role,
      secrets.digest,
      secrets.generation,
      secrets.mintedAt,
      encodeSuperseded(secrets.superseded),
      JSON.stringify(credential.deviceInfo),
      JSON.stringify(credential.locationInfo),
      credential.inviteId,
      credential.sponsor?.credentialId ?? null,
      credential.sponsor?.generation ?? null,
      credential.createdAt,
      credential.lastUsedAt,
    );
  }

  deleteCredential(id: string): void {
    this.#sql.exec("DELETE FROM credentials WHERE id = ?", id);
  }

  /** Newest first. */
  invites(): InviteRecord[] {
    return this.#sql
      .exec<InviteRow>("SELECT * FROM invites ORDER BY created_at DESC, id")
      .toArray()
      .map(toInvite);
  }

  invite(id: string): InviteRecord | undefined {
    return this.#sql
      .exec<InviteRow>("SELECT * FROM invites WHERE id = ?", id)
      .toArray()
      .map(toInvite)[0];
  }

  /** The invite as given, in place of what was stored under its id. */
  saveInvite(invite: InviteRecord): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO invites (id, role, secret_digest, created_at, expires_at, max_uses, uses, sponsor_id,
         sponsor_generation)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      invite.id,
      invite.role,
      invite.secretDigest,
      invite.createdAt,
      invite.expiresAt,
      invite.maxUses,
      invite.uses,
      invite.sponsor.credentialId,
      invite.sponsor.generation,
    );
  }

  deleteInvite(id: string): void {
    this.#sql.exec("DELETE FROM invites WHERE id = ?", id);
  }
}

function encodeSuperseded(superseded: readonly SupersededSecret[]): string {
  return JSON.stringify(superseded.map((one) => ({ ...one, digest: one.digest.toHex() })));
}

function decodeSuperseded(text: string): SupersededSecret[] {
  const stored = JSON.parse(text) as (Omit<SupersededSecret, "digest"> & { digest: string })[];
  return stored.map((one) => ({ ...one, digest: Uint8Array.fromHex(one.digest) }));
}

function sponsorOf(row: CredentialRow): Sponsor | null {
  const { sponsor_id: credentialId, sponsor_generation: generation } = row;
  return credentialId === null || generation === null ? null : { credentialId, generation };
}

function toInvite(row: InviteRow): InviteRecord {
  return {
    id: row.id,
    role: row.role as CredentialRole,
    secretDigest: new Uint8Array(row.secret_digest),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    maxUses: row.max_uses,
    uses: row.uses,
    sponsor: { credentialId: row.sponsor_id, generation: row.sponsor_generation },
  };
}

type CredentialRow = {
  id: string;
  role: string;
  secret_digest: ArrayBuffer;
  generation: number;
  minted_at: number;
  superseded: string;
  device_info: string;
  location_info: string;
  invite_id: string | null;
  sponsor_id: string | null;
  sponsor_generation: number | null;
  created_at: number;
  last_used_at: number;
};

type InviteRow = {
  id: string;
  role: string;
  secret_digest: ArrayBuffer;
  created_at: number;
  expires_at: number;
  max_uses: number;
  uses: number;
  sponsor_id: string;
  sponsor_generation: number;
};
