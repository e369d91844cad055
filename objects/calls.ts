// What crosses the stub between the Worker and a session object: plain values, failures included. Fields are only ever
// added: during a deploy new Workers call old objects.
import type { TeamSettings } from "../src/domain/policy.ts";
import type { AuditActor } from "../src/protocol/audit.ts";
import type { Failure } from "../src/protocol/errors.ts";
import type { Author, Message } from "../src/protocol/message.ts";
import type { DeviceInfo, LocationInfo, Session } from "../src/protocol/session.ts";

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
  | { readonly kind: "team"; readonly teamId: string }
  /** A member of the team's staff; `author` signs what it writes. */
  | { readonly kind: "operator"; readonly teamId: string; readonly author: Author };

/** What one hears who names a session that is not there, or not theirs: the two cannot be told apart. */
export function unknownSession({ kind }: { readonly kind: Actor["kind"] }): Failure {
  const isTeam = kind === "team" || kind === "operator";
  return { ok: false, code: isTeam ? "session_not_found" : "invalid_credential" };
}

export interface Call {
  readonly actor: Actor;
  /** Of the team as the Worker knows it; undefined while the index is down and no cache had it. */
  readonly teamRevision: number | undefined;
}

export interface CreateCall {
  readonly id: string;
  readonly team: TeamSettings;
  /** Whom the audit trail names. */
  readonly actor: AuditActor;
  readonly credential: { readonly id: string; readonly secretDigest: Uint8Array };
  readonly userFingerprint: string | null;
  readonly deviceInfo: DeviceInfo;
  readonly locationInfo: LocationInfo;
}

export interface Created {
  readonly session: Session;
  /** False when the session had been created before under the same idempotency key. */
  readonly isNew: boolean;
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

/** Where a joining reader wants to begin. */
export type HistoryRequest =
  | { readonly after: number }
  /** The newest so many messages. */
  | { readonly tail: number };

/** A socket's upgrade, as the Worker hands it on in one header. */
export interface ConnectCall {
  readonly credentialId: string;
  readonly teamRevision: number | undefined;
  readonly history: HistoryRequest;
}

export const CONNECT_CALL_HEADER = "ds-connect";
