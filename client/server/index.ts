// `durable-sessions/server`: what a team's backend needs. Only `fetch`, WebCrypto and web streams, so that it runs in Node
// from 20 on, Workers, Bun and Deno.
export type { AuditEvent, AuditEventList, AuditEventType } from "../../src/protocol/audit.ts";
export type {
  Conversation,
  ConversationHandler,
  ConversationState,
  ConversationStatus,
  UpdateConversationRequest,
} from "../../src/protocol/conversation.ts";
export type { ErrorCode, Failure, FieldError, Result } from "../../src/protocol/errors.ts";
export type {
  ConversationUpdatedEvent,
  EventBatch,
  MessageCreatedEvent,
  SessionEvent,
  SessionEventsHandler,
  SessionEventType,
  SessionLifeEvent,
  WebhookPayload,
} from "../../src/protocol/events.ts";
export type { NewAttachment, StoredAttachment } from "../../src/protocol/file.ts";
export type { JsonObject, JsonValue } from "../../src/protocol/json.ts";
export type { CleanupResult, EraseReceipt } from "../../src/protocol/lifecycle.ts";
export type {
  Attachment,
  Author,
  LinkedAttachment,
  Message,
  MessageRole,
  NewStreamedMessage,
  NewTeamMessage,
} from "../../src/protocol/message.ts";
export type {
  CreateSessionRequest,
  MessagePage,
  RefreshSessionResponse,
  SessionList,
  SessionStats,
  SessionWithToken,
  ValidateSessionResponse,
} from "../../src/protocol/rest.ts";
export type {
  DeviceInfo,
  LocationInfo,
  Session,
  SessionStatus,
  SessionSummary,
} from "../../src/protocol/session.ts";
export type { CreateOperatorTokenRequest, OperatorToken } from "../../src/protocol/team.ts";
export type {
  DeliveryLine,
  EndLine,
  ExportHeader,
  ExportLine,
  FileLine,
  MessageLine,
  ReadMarkLine,
  TranscriptHeader,
  TranscriptLine,
} from "../../src/protocol/transcript.ts";
export type {
  PutWebhookRequest,
  PutWebhookResponse,
  ReplayEventsRequest,
  ReplayEventsResponse,
  ResumeWebhookResponse,
  Webhook,
  WebhookFailure,
  WebhookStatus,
  WebhookTest,
} from "../../src/protocol/webhook.ts";
export type { Fetch } from "./api.ts";
export type { ApiErrorCode } from "./api-error.ts";
export { ApiError } from "./api-error.ts";
export type { FileCalls, FileRange, FileSource } from "./file-calls.ts";
export type { IdentitySigningKey } from "./identity-token.ts";
export { signIdentityToken } from "./identity-token.ts";
export type {
  MessagesQuery,
  PageQuery,
  SessionsQuery,
  StoredMessage,
  TeamClientOptions,
} from "./team-client.ts";
export { createTeamClient, TeamClient } from "./team-client.ts";
export type { TextSource } from "./text-body.ts";
export { textStream } from "./text-body.ts";
export type { WebhookDelivery, WebhookHeaders, WebhookRefusal } from "./verify-webhook.ts";
export { verifyWebhook, WebhookVerificationError } from "./verify-webhook.ts";
export type { WebhookCalls } from "./webhook-calls.ts";
