// What crosses the stub between the Worker and a session object: plain values, failures included. Fields are only ever
// added: during a deploy new Workers call old objects.
import type { TeamSettings } from "../src/domain/policy.ts";
import type { AuditActor } from "../src/protocol/audit.ts";
import type { Failure } from "../src/protocol/errors.ts";
import type { FileType, StoredAttachment } from "../src/protocol/file.ts";
import type { Author, Message } from "../src/protocol/message.ts";
import type { DeviceInfo, LocationInfo, Session } from "../src/protocol/session.ts";
import type { CreateInviteRequest } from "../src/protocol/sharing.ts";

/** Who calls. The Worker has checked tags and scopes; the object checks the credential itself. */
export type Actor =
  | {
      readonly kind: "credential";
      readonly credentialId: string;
      /** SHA-256 of the secret's random bytes. */
      readonly secretDigest: Uint8Array;
    }
  /** Came with a ticket: proof of a credential at most a minute ago. */
  | { readonly kind: "ticket"; readonly credentialId: string }
  /** Without a key id, by service binding. */
  | { readonly kind: "team"; readonly teamId: string; readonly keyId: string | undefined }
  /** A member of the team's staff; `author` signs what it writes. */
  | {
      readonly kind: "operator";
      readonly teamId: string;
      readonly operatorId: string;
      readonly author: Author;
    };

/** The actor as the audit log names it. */
export function auditActor(actor: Actor): AuditActor {
  if (actor.kind === "team") {
    return { kind: "team", ...(actor.keyId !== undefined && { id: actor.keyId }) };
  }
  if (actor.kind === "operator") return { kind: "operator", id: actor.operatorId };
  return { kind: "credential", id: actor.credentialId };
}

/** The credential that calls came with; null for the team's. */
export function credentialIdOf(actor: Actor): string | null {
  return "credentialId" in actor ? actor.credentialId : null;
}

/** The member of the staff who calls, if it is one. */
export function staffOf(actor: Actor): Author | undefined {
  return actor.kind === "operator" ? actor.author : undefined;
}

/** What one hears who names a session that is not there, or not theirs: the two cannot be told apart. */
export function unknownSession({ kind }: { readonly kind: Actor["kind"] }): Failure {
  const isTeam = kind === "team" || kind === "operator";
  return { ok: false, code: isTeam ? "session_not_found" : "invalid_credential" };
}

/** What takes part in a call is down; the same call may succeed in a moment. */
export const UNAVAILABLE: Failure = { ok: false, code: "unavailable", retryAfterSeconds: 2 };

/** The team as the Worker knows it; undefined while the index is down and no cache had it. */
export interface TeamWord {
  readonly teamRevision: number | undefined;
  /** When the index said so, epoch milliseconds. */
  readonly teamConfirmedAt: number | undefined;
}

export interface Call extends TeamWord {
  readonly actor: Actor;
}

/** A key that the Worker has minted, and whose device it is for. */
export interface NewCredential {
  readonly id: string;
  readonly secretDigest: Uint8Array;
  readonly deviceInfo: DeviceInfo;
  readonly locationInfo: LocationInfo;
}

export interface CreateCall {
  readonly id: string;
  readonly team: TeamSettings;
  /** Whom the audit trail names. */
  readonly actor: AuditActor;
  readonly credential: NewCredential;
  readonly userFingerprint: string | null;
}

export interface Created {
  readonly session: Session;
  /** False when the session had been created before under the same idempotency key. */
  readonly isNew: boolean;
}

export interface RefreshCall extends Call {
  readonly rotate: boolean;
  /** See `RotationRequest`. */
  readonly oneAtATime: boolean;
  /** Digests of what may follow the secret that was presented; see `rotateSecret`. */
  readonly successors: readonly Uint8Array[];
}

export interface Refreshed {
  readonly session: Session;
  /** Which of the successors is the caller's from now on; undefined when it keeps what it has. */
  readonly successor: number | undefined;
}

export interface IdentifyCall extends Call {
  readonly userId: string;
  readonly credential: NewCredential;
}

export interface ResumeCall extends TeamWord {
  readonly userId: string;
  readonly credential: NewCredential;
}

/** Of a team: its authority for its sessions the Worker has checked. */
export interface ReplayCall extends TeamWord {
  readonly teamId: string;
  /** Epoch milliseconds. */
  readonly since: number;
  /** Whom the audit trail names. */
  readonly actor: AuditActor;
}

export interface CreateInviteCall extends Call {
  readonly invite: { readonly id: string; readonly secretDigest: Uint8Array };
  readonly request: CreateInviteRequest;
}

/** The Worker has checked that this deployment made the secret, for this invite. */
export interface RedeemCall extends TeamWord {
  readonly inviteId: string;
  readonly secretDigest: Uint8Array;
  readonly credential: NewCredential;
  readonly intoCookie: boolean;
}

export interface MessagesQuery {
  readonly conversationId: string | undefined;
  readonly after: number | undefined;
  readonly before: number | undefined;
  readonly limit: number;
}

export interface Posted {
  readonly message: Message;
  /** False when its `clientId` had been stored before. */
  readonly isNew: boolean;
}

/** A file whose first bytes the Worker has looked at; they come after this. */
export interface UploadCall extends Call {
  readonly fileId: string;
  readonly clientId: string;
  readonly name: string;
  readonly type: FileType;
  /** Bytes. */
  readonly size: number;
}

/** Where the bytes may go; or the file, when all of it was uploaded before under its `clientId`. */
export type Upload =
  | { readonly isNew: true; readonly fileId: string }
  | { readonly isNew: false; readonly file: StoredAttachment };

/** What the cleanup asks of a session, and what the index has of it: to be compared with what the session is. */
export interface ReconcileCall {
  /** The row's version; undefined where there is none. */
  readonly indexVersion: number | undefined;
}

/** What a session did when it was reminded of its deadlines. */
export interface Reconciled {
  /** False where no session is, or no more: what the index and the bucket have under its id belongs to nothing. */
  readonly exists: boolean;
  /** There was one, and all of it is gone. */
  readonly wasPurged: boolean;
  readonly expired: boolean;
  readonly archivedConversations: number;
  readonly archivedFiles: number;
  readonly purged: boolean;
  /** The index had an older state of it, and was told. */
  readonly repaired: boolean;
}

/** Which of the files that it was asked about a session has. */
export interface OwnFiles {
  /** False where no session is, or no more. */
  readonly exists: boolean;
  /** There was one, and all of it is gone. */
  readonly wasPurged: boolean;
  readonly files: readonly string[];
}

/**
 * What came of telling the index everything: it has it; it failed, and the session goes on trying; it refused, as it does
 * without the team; there is no session, or no more.
 */
export type Reindexed = "projected" | "waiting" | "refused" | "absent";

/** Where a joining reader wants to begin. */
export type HistoryRequest =
  | { readonly after: number }
  /** The newest so many messages. */
  | { readonly tail: number };

/** A socket's upgrade, as the Worker hands it on in one header. */
export interface ConnectCall extends TeamWord {
  readonly actor: Extract<Actor, { kind: "ticket" }> | CookieActor | ConnectingOperator;
  readonly history: HistoryRequest;
}

/** A credential whose secret came in a cookie; its digest in hex, since a header carries text. */
export interface CookieActor {
  readonly kind: "cookie";
  readonly credentialId: string;
  readonly secretDigest: string;
}

/** What an operator is let in with, and when the index last had it as good. */
export interface StaffToken {
  readonly tokenId: string;
  /** Epoch milliseconds, as `confirmedAt`. */
  readonly expiresAt: number;
  readonly confirmedAt: number;
}

/** An operator, and with which token: a socket outlives the look at it. */
export type ConnectingOperator = Extract<Actor, { kind: "operator" }> & StaffToken;

export function connectActor(actor: ConnectCall["actor"]): Actor {
  if (actor.kind !== "cookie") return actor;
  const { credentialId, secretDigest } = actor;
  return { kind: "credential", credentialId, secretDigest: Uint8Array.fromHex(secretDigest) };
}

export const CONNECT_CALL_HEADER = "ds-connect";
