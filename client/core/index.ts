// The client's public surface.
export type {
  Conversation,
  ConversationHandler,
  ConversationState,
  ConversationStatus,
  UpdateConversationRequest,
} from "../../src/protocol/conversation.ts";
export { FILE_TYPES, type StoredAttachment } from "../../src/protocol/file.ts";
export type { Presence } from "../../src/protocol/frames.ts";
export {
  MAX_ATTACHMENTS_PER_MESSAGE,
  MAX_CONTENT_BYTES,
  MAX_FILE_BYTES,
} from "../../src/protocol/limits.ts";
export type {
  Attachment,
  Author,
  LinkedAttachment,
  MessageRole,
} from "../../src/protocol/message.ts";
export type {
  ConnectionRole,
  CredentialRole,
  DeviceInfo,
  LocationInfo,
  Session,
  SessionSummary,
} from "../../src/protocol/session.ts";
export type { CreatedInvite, Device, Invite } from "../../src/protocol/sharing.ts";
export type { AsyncKeyValueStorage } from "./async-storage.ts";
export { fromAsyncStorage } from "./async-storage.ts";
export { broadcastSessionChange } from "./browser-tabs.ts";
export { createSessionClient } from "./client.ts";
export type {
  Attention,
  AttentionEvent,
  Clock,
  Environment,
  KeyValueStorage,
  Socket,
  SocketListeners,
  TabMessage,
  Tabs,
} from "./environment.ts";
export type { FileScope } from "./file-scope.ts";
export type {
  LegacyAttachment,
  LegacyConversation,
  LegacyData,
  LegacyMessage,
  LegacySource,
} from "./legacy-source.ts";
export type { OperatorApi, OperatorClient, OperatorClientOptions } from "./operator-client.ts";
export { createOperatorApi, createOperatorClient } from "./operator-client.ts";
export type { RequestErrorCode } from "./request-error.ts";
export { RequestError } from "./request-error.ts";
export type {
  ChatClient,
  NewFile,
  SendOptions,
  Sent,
  SessionClient,
  SessionClientOptions,
  ShareRequest,
  Sharing,
  UploadOptions,
} from "./session-client.ts";
export type {
  ChatAttachment,
  ChatMessage,
  ConnectionState,
  Delivery,
  HandOffOffer,
  LegacyUpgrade,
  LocalAttachment,
  PreviousSession,
  ReadUpTo,
  SessionClientState,
  SessionClientStatus,
  Typist,
} from "./session-state.ts";
export { INITIAL_STATE, isValid } from "./session-state.ts";
