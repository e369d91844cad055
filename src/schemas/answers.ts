// What the REST calls answer, for the OpenAPI document; typed against the protocol, so that the two cannot drift apart.
import { z } from "zod";
import {
  CONVERSATION_HANDLERS,
  CONVERSATION_STATUSES,
  type Conversation,
} from "../protocol/conversation.ts";
import { ERROR_STATUS, type ErrorCode, type Problem } from "../protocol/errors.ts";
import type { Message } from "../protocol/message.ts";
import { MESSAGE_ROLES } from "../protocol/message.ts";
import type {
  ConversationList,
  MessagePage,
  OpenedSession,
  RefreshSessionResponse,
  SessionList,
  SessionStats,
  ValidateSessionResponse,
} from "../protocol/rest.ts";
import {
  CREDENTIAL_ROLES,
  END_REASONS,
  SESSION_STATUSES,
  type Session,
  type SessionSummary,
} from "../protocol/session.ts";
import type {
  CreatedInvite,
  Device,
  DeviceList,
  Invite,
  InviteList,
  RedeemedInvite,
} from "../protocol/sharing.ts";
import { KEY_SCOPES, type Team, type TeamKey } from "../protocol/team.ts";
import {
  attachmentSchema,
  authorSchema,
  deviceInfoSchema,
  locationInfoSchema,
  metadataField,
  type Shape,
} from "./fields.ts";

export const time = z.iso.datetime().describe("ISO 8601, UTC");
const count = z.int().min(0);
const status = z.enum(SESSION_STATUSES);
const endReason = z.enum(END_REASONS);

export const sessionSchema: Shape<Session> = z.object({
  id: z.string(),
  teamId: z.string(),
  status,
  endReason: endReason.exactOptional(),
  version: z.int().min(1),
  userId: z.string().exactOptional(),
  deviceInfo: deviceInfoSchema.exactOptional(),
  locationInfo: locationInfoSchema.exactOptional(),
  createdAt: time,
  lastAccessed: time,
  expiresAt: time,
  defaultConversationId: z.string(),
  lastSeq: count,
});

export const sessionSummarySchema: Shape<SessionSummary> = z.object({
  id: z.string(),
  teamId: z.string(),
  status,
  endReason: endReason.exactOptional(),
  userId: z.string().exactOptional(),
  deviceInfo: deviceInfoSchema,
  locationInfo: locationInfoSchema,
  createdAt: time,
  lastAccessed: time,
  expiresAt: time,
  endedAt: time.exactOptional(),
});

export const sessionAnswer = z.object({ session: sessionSchema });

export const openedAnswer: Shape<OpenedSession> = z.object({
  session: sessionSchema,
  token: z.string().exactOptional(),
  ticket: z.string(),
});

const credentialRole = z.enum(CREDENTIAL_ROLES);

export const redeemedAnswer: Shape<RedeemedInvite> = z.object({
  session: sessionSchema,
  token: z.string().exactOptional(),
  ticket: z.string(),
  role: credentialRole,
});

export const createdInviteAnswer: Shape<CreatedInvite> = z.object({
  inviteId: z.string(),
  url: z.string().describe("The secret is in its fragment; shown this once"),
  expiresAt: time,
});

const inviteSchema: Shape<Invite> = z.object({
  inviteId: z.string(),
  role: credentialRole,
  createdAt: time,
  expiresAt: time,
  maxUses: z.int().min(1),
  uses: count,
  devices: count,
});

export const inviteListAnswer: Shape<InviteList> = z.object({ invites: z.array(inviteSchema) });

const deviceSchema: Shape<Device> = z.object({
  credentialId: z.string(),
  role: credentialRole,
  current: z.boolean(),
  connected: z.boolean(),
  deviceInfo: deviceInfoSchema,
  locationInfo: locationInfoSchema,
  createdAt: time,
  lastUsedAt: time,
  inviteId: z.string().exactOptional(),
});

export const deviceListAnswer: Shape<DeviceList> = z.object({ devices: z.array(deviceSchema) });

export const validatedAnswer: Shape<ValidateSessionResponse> = z.object({
  isValid: z.boolean(),
  session: sessionSchema.exactOptional(),
  reason: status.exclude(["active"]).exactOptional(),
  ticket: z.string().exactOptional(),
});

export const refreshedAnswer: Shape<RefreshSessionResponse> = z.object({
  session: sessionSchema,
  token: z.string().exactOptional(),
  ticket: z.string().exactOptional(),
});

export const sessionListAnswer: Shape<SessionList> = z.object({
  sessions: z.array(sessionSummarySchema),
  nextCursor: z.string().exactOptional(),
});

export const statsAnswer: Shape<SessionStats> = z.object({
  totalSessions: count,
  activeSessions: count,
  expiredSessions: count,
  terminatedSessions: count,
  averageSessionDuration: z.number().min(0).describe("Seconds"),
});

export const messageSchema: Shape<Message> = z.object({
  id: z.string(),
  seq: z.int().min(1),
  clientId: z.string().exactOptional(),
  conversationId: z.string(),
  role: z.enum(MESSAGE_ROLES),
  author: authorSchema.exactOptional(),
  content: z.string(),
  attachments: z.array(attachmentSchema).exactOptional(),
  createdAt: time,
  imported: z.literal(true).exactOptional(),
  redacted: z.literal(true).exactOptional(),
  metadata: metadataField.exactOptional(),
});

export const messageAnswer = z.object({ message: messageSchema });

export const messagePageAnswer: Shape<MessagePage> = z.object({
  messages: z.array(messageSchema),
  nextAfter: count.exactOptional(),
  nextBefore: count.exactOptional(),
});

export const conversationSchema: Shape<Conversation> = z.object({
  id: z.string(),
  status: z.enum(CONVERSATION_STATUSES),
  handledBy: z.enum(CONVERSATION_HANDLERS),
  assignee: z.string().exactOptional().describe("For the team alone"),
  createdAt: time,
  lastSeq: count,
  unread: count,
});

export const conversationAnswer = z.object({ conversation: conversationSchema });

export const conversationListAnswer: Shape<ConversationList> = z.object({
  conversations: z.array(conversationSchema),
});

const limit = z.int().min(1).nullable();

export const teamSchema: Shape<Team> = z.object({
  id: z.string(),
  number: z.int().min(1),
  name: z.string(),
  allowedOrigins: z.array(z.string()),
  operatorOrigins: z.array(z.string()),
  crossSiteCookies: z.boolean(),
  disabled: z.boolean(),
  idleDays: count,
  absoluteDays: count,
  archiveAfterDays: count,
  retentionDays: count,
  timeZone: z.string(),
  limits: z.object({
    createsPerMinutePerNetwork: limit,
    createsPerMinute: limit,
    messagesPerMinutePerCredential: limit,
    socketsPerSession: limit,
    bytesPerSession: limit,
  }),
  createdAt: time,
  updatedAt: time,
});

export const teamAnswer = z.object({ team: teamSchema });

export const teamKeyAnswer: Shape<TeamKey> = z.object({
  keyId: z.string(),
  key: z
    .string()
    .describe(`\`sk_<keyId>_<secret>\`, shown this once; scopes: ${KEY_SCOPES.join(", ")}`),
});

export const healthAnswer = z.object({ status: z.literal("ok"), version: z.string() });

export const problemSchema: Shape<Problem> = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum(Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]]),
  detail: z.string().exactOptional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).exactOptional(),
});
