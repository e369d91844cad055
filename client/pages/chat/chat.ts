import type { EnhancedSession } from "../../solid/index.ts";

/** What the log and the composer go by, on the visitor's page and on the team's. */
export type Chat = Pick<
  EnhancedSession,
  | "status"
  | "connection"
  | "sessionData"
  | "messages"
  | "streaming"
  | "conversation"
  | "pendingCount"
  | "readUpTo"
  | "synced"
  | "older"
  | "typing"
  | "role"
  | "isInvited"
  | "send"
  | "retry"
  | "cancel"
  | "loadOlder"
  | "setTyping"
  | "markRead"
  | "uploadFile"
  | "downloadFile"
  | "prepareFiles"
>;
