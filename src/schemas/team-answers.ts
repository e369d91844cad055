// What is answered about keys, operators and the audit trail.
import { z } from "zod";
import {
  AUDIT_ACTOR_KINDS,
  AUDIT_EVENT_TYPES,
  type AuditActor,
  type AuditEvent,
  type AuditEventList,
} from "../protocol/audit.ts";
import type { CleanupResult } from "../protocol/lifecycle.ts";
import {
  type CreatedIdentityKey,
  IDENTITY_ALGORITHMS,
  type IdentityKeyList,
  KEY_SCOPES,
  type OperatorToken,
  type TeamKeyList,
} from "../protocol/team.ts";
import type {
  PutWebhookResponse,
  ReplayEventsResponse,
  ResumeWebhookResponse,
  Webhook,
  WebhookFailure,
  WebhookStatus,
  WebhookTest,
} from "../protocol/webhook.ts";
import { time } from "./answers.ts";
import { metadataField, type Shape } from "./fields.ts";

const count = z.int().min(0);

export const cleanupFields = {
  expiredSessions: count,
  archivedConversations: count,
  archivedFiles: count,
  purgedSessions: count,
  removedOrphans: count,
  repairedRows: count,
  more: z.boolean(),
};

export const cleanupAnswer: Shape<CleanupResult> = z.object(cleanupFields);

export const teamKeyListAnswer: Shape<TeamKeyList> = z.object({
  keys: z.array(
    z.object({
      keyId: z.string(),
      scopes: z.array(z.enum(KEY_SCOPES)),
      createdAt: time,
      revokedAt: time.exactOptional(),
    }),
  ),
});

export const createdIdentityKeyAnswer: Shape<CreatedIdentityKey> = z.object({
  kid: z.string().describe("Goes into the header of every token that is signed with it"),
  secret: z.string().exactOptional().describe("For HS256: 32 bytes in base64url, shown this once"),
});

export const identityKeyListAnswer: Shape<IdentityKeyList> = z.object({
  keys: z.array(
    z.object({
      kid: z.string(),
      algorithm: z.enum(IDENTITY_ALGORITHMS),
      createdAt: time,
      revokedAt: time.exactOptional(),
    }),
  ),
});

export const operatorTokenAnswer: Shape<OperatorToken> = z.object({
  operatorToken: z.string().describe("`op_<tokenId>_<secret>`, shown this once"),
  dashboardUrl: z.string().describe("Signs the person in; the token is in its fragment"),
  expiresAt: time,
});

const actorSchema: Shape<AuditActor> = z.object({
  kind: z.enum(AUDIT_ACTOR_KINDS),
  id: z.string().exactOptional(),
});

const auditEventSchema: Shape<AuditEvent> = z.object({
  id: z.string(),
  type: z.enum(AUDIT_EVENT_TYPES),
  at: time,
  sessionId: z.string().exactOptional(),
  actor: actorSchema,
  details: metadataField.describe("A JSON object, by type").exactOptional(),
});

export const auditEventListAnswer: Shape<AuditEventList> = z.object({
  events: z.array(auditEventSchema),
  nextCursor: z.string().exactOptional(),
});

const webhookSchema: Shape<Webhook> = z.object({ url: z.string(), createdAt: time });

export const putWebhookAnswer: Shape<PutWebhookResponse> = z.object({
  webhook: webhookSchema,
  secret: z.string().exactOptional().describe("`whsec_<base64>`, shown this once"),
});

const webhookFailureSchema: Shape<WebhookFailure> = z.object({
  sessionId: z.string(),
  failingSince: time,
  attempts: z.int(),
  lastError: z.string(),
  stoppedAt: time.exactOptional(),
});

export const webhookStatusAnswer: Shape<WebhookStatus> = z.object({
  webhook: webhookSchema,
  failing: z.int().describe("Sessions that wait for a retry"),
  stopped: z.int().describe("Sessions that wait for somebody to resume"),
  failures: z.array(webhookFailureSchema).describe("The first hundred, longest failing first"),
});

export const webhookTestAnswer: Shape<WebhookTest> = z.object({
  delivered: z.boolean(),
  status: z.int().exactOptional(),
  error: z.string().exactOptional(),
  durationMs: z.int(),
});

export const resumeWebhookAnswer: Shape<ResumeWebhookResponse> = z.object({
  resumed: z.int(),
  more: z.boolean(),
});

export const replayEventsAnswer: Shape<ReplayEventsResponse> = z.object({ events: z.int() });
