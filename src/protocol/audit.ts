// What happened to credentials, keys and people's data. No secret, fingerprint or content is ever part of an event.
import type { JsonObject } from "./json.ts";

export const AUDIT_EVENT_TYPES = [
  "session.created",
  "session.identified",
  "session.resumed",
  "session.terminated",
  "session.exported",
  "session.archived",
  "session.erased",
  "session.purged",
  "file.deleted",
  "message.redacted",
  "invite.created",
  "invite.redeemed",
  "invite.revoked",
  "credential.revoked",
  "credential.superseded_secret_used",
  /** Sampled: a flood of refusals writes a few. */
  "access.refused",
  /** At most once an hour for each key. */
  "key.used",
  "key.created",
  "key.revoked",
  "identity_key.created",
  "identity_key.revoked",
  "operator_token.created",
  "operator_token.revoked",
  "webhook.created",
  "webhook.updated",
  "webhook.deleted",
  "webhook.resumed",
  "events.replayed",
  "team.created",
  "team.updated",
] as const;
export type AuditEventType = (typeof AUDIT_EVENT_TYPES)[number];

export const AUDIT_ACTOR_KINDS = [
  "credential",
  "team",
  "operator",
  "admin",
  "anonymous",
  "system",
] as const;

/** Who did it; `id` is a credential's, key's or operator's id, never its secret. */
export interface AuditActor {
  readonly kind: (typeof AUDIT_ACTOR_KINDS)[number];
  readonly id?: string;
}

export interface AuditEvent {
  readonly id: string;
  readonly type: AuditEventType;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly sessionId?: string;
  readonly actor: AuditActor;
  readonly details?: JsonObject;
}

export interface AuditEventList {
  /** Newest first. */
  readonly events: readonly AuditEvent[];
  readonly nextCursor?: string;
}
