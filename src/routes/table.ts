// The REST surface, one line a route.

import { createTeam, getTeam, updateTeam } from "./admin.ts";
import { listAuditEvents } from "./audit.ts";
import { cleanupExpiredSessions } from "./cleanup.ts";
import {
  listConversations,
  listMessages,
  openConversation,
  postMessage,
  redactMessage,
  updateConversation,
} from "./conversations.ts";
import { listDevices, revokeDevice } from "./devices.ts";
import type { Endpoint, Method } from "./endpoint.ts";
import { exportSession } from "./exports.ts";
import { deleteFile, downloadFile, uploadFile } from "./files.ts";
import { getHealth } from "./health.ts";
import { identifySession, resumeSession } from "./identity.ts";
import { createIdentityKey, listIdentityKeys, revokeIdentityKey } from "./identity-keys.ts";
import { importMessages } from "./import.ts";
import { createInvite, listInvites, redeemInvite, revokeInvite } from "./invites.ts";
import { getMetrics } from "./metrics.ts";
import { createOperatorToken, revokeOperator } from "./operators.ts";
import { reindex, restore } from "./recovery.ts";
import { findSessionsByFingerprint, getSessionStats, listSessions } from "./session-lists.ts";
import {
  createSession,
  getSession,
  refreshSession,
  terminateSession,
  validateSession,
} from "./sessions.ts";
import { streamMessage } from "./streams.ts";
import { createTeamKey, listTeamKeys, revokeTeamKey } from "./team-keys.ts";
import {
  deleteWebhook,
  getWebhook,
  putWebhook,
  replayEvents,
  resumeWebhook,
  testWebhook,
} from "./webhooks.ts";

export type Route = readonly [method: Method, path: string, endpoint: Endpoint];

export const ROUTES: readonly Route[] = [
  ["POST", "/api/sessions/create", createSession],
  ["GET", "/api/sessions/fingerprint/:fingerprint/:teamId", findSessionsByFingerprint],
  ["GET", "/api/sessions/stats/:teamId", getSessionStats],
  ["POST", "/api/sessions/cleanup", cleanupExpiredSessions],
  ["GET", "/api/sessions/:id", getSession],
  ["DELETE", "/api/sessions/:id", terminateSession],
  ["GET", "/api/sessions/:id/export", exportSession],
  ["GET", "/api/sessions/:id/validate", validateSession],
  ["POST", "/api/sessions/:id/refresh", refreshSession],
  ["POST", "/api/sessions/:id/identify", identifySession],
  ["POST", "/api/sessions/resume", resumeSession],
  ["GET", "/api/sessions/:id/devices", listDevices],
  ["DELETE", "/api/sessions/:id/devices/:credentialId", revokeDevice],
  ["GET", "/api/sessions/:id/invites", listInvites],
  ["POST", "/api/sessions/:id/invites", createInvite],
  ["DELETE", "/api/sessions/:id/invites/:inviteId", revokeInvite],
  ["POST", "/api/invites/redeem", redeemInvite],
  ["GET", "/api/sessions/:id/conversations", listConversations],
  ["POST", "/api/sessions/:id/conversations", openConversation],
  ["PATCH", "/api/sessions/:id/conversations/:conversationId", updateConversation],
  ["GET", "/api/sessions/:id/messages", listMessages],
  ["POST", "/api/sessions/:id/messages", postMessage],
  ["POST", "/api/sessions/:id/messages/stream", streamMessage],
  ["DELETE", "/api/sessions/:id/messages/:messageId", redactMessage],
  ["POST", "/api/sessions/:id/import", importMessages],
  ["POST", "/api/sessions/:id/files", uploadFile],
  ["GET", "/api/sessions/:id/files/:fileId", downloadFile],
  ["DELETE", "/api/sessions/:id/files/:fileId", deleteFile],
  ["GET", "/api/teams/:teamId/sessions", listSessions],
  ["GET", "/api/teams/:teamId/audit-events", listAuditEvents],
  ["POST", "/api/teams/:teamId/operators", createOperatorToken],
  ["DELETE", "/api/teams/:teamId/operators/:operatorId", revokeOperator],
  ["PUT", "/api/teams/:teamId/webhook", putWebhook],
  ["GET", "/api/teams/:teamId/webhook", getWebhook],
  ["DELETE", "/api/teams/:teamId/webhook", deleteWebhook],
  ["POST", "/api/teams/:teamId/webhook/test", testWebhook],
  ["POST", "/api/teams/:teamId/webhook/resume", resumeWebhook],
  ["POST", "/api/teams/:teamId/webhook/replay", replayEvents],
  ["POST", "/api/admin/teams", createTeam],
  ["GET", "/api/admin/teams/:teamId", getTeam],
  ["PATCH", "/api/admin/teams/:teamId", updateTeam],
  ["POST", "/api/admin/teams/:teamId/keys", createTeamKey],
  ["GET", "/api/admin/teams/:teamId/keys", listTeamKeys],
  ["DELETE", "/api/admin/teams/:teamId/keys/:keyId", revokeTeamKey],
  ["POST", "/api/admin/teams/:teamId/identity-keys", createIdentityKey],
  ["GET", "/api/admin/teams/:teamId/identity-keys", listIdentityKeys],
  ["DELETE", "/api/admin/teams/:teamId/identity-keys/:kid", revokeIdentityKey],
  ["GET", "/api/admin/metrics", getMetrics],
  ["POST", "/api/admin/reindex", reindex],
  ["POST", "/api/admin/restore", restore],
  ["GET", "/api/health", getHealth],
];

/** The one route that is no request and answer; see socket.ts. */
export const SOCKET_PATH = "/api/sessions/:id/socket";

/** Describes the others; see openapi.ts. */
export const OPENAPI_PATH = "/api/openapi.json";
