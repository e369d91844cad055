// A session's threads and the messages in them.
import type { MessagesQuery } from "../../objects/calls.ts";
import type { Caller } from "../caller.ts";
import type { Conversation, UpdateConversationRequest } from "../protocol/conversation.ts";
import type { Result } from "../protocol/errors.ts";
import type { ImportAnswer, ImportRequest } from "../protocol/import.ts";
import type { Message, NewTeamMessage } from "../protocol/message.ts";
import type { ConversationList, MessagePage } from "../protocol/rest.ts";
import type { Services } from "../services.ts";
import { limitOwner } from "./rate-limits.ts";
import { openSession } from "./session-access.ts";

export async function listConversations(
  services: Services,
  caller: Caller,
  id: string,
): Promise<Result<ConversationList>> {
  const opened = await openSession(services, caller, id, "listConversations");
  return opened.ok ? await opened.stub.listConversations(opened.call) : opened;
}

export async function openConversation(
  services: Services,
  caller: Caller,
  id: string,
): Promise<Result<{ readonly conversation: Conversation }>> {
  const opened = await openSession(services, caller, id, "openConversation");
  return opened.ok ? await opened.stub.openConversation(opened.call) : opened;
}

/** Says where a thread stands and who answers in it; its log tells of that. */
export async function updateConversation(
  services: Services,
  caller: Caller,
  id: string,
  conversationId: string,
  request: UpdateConversationRequest,
): Promise<Result<{ readonly conversation: Conversation }>> {
  const opened = await openSession(services, caller, id, "updateConversation");
  if (!opened.ok) return opened;
  return await opened.stub.updateConversation(opened.call, conversationId, request);
}

export async function listMessages(
  services: Services,
  caller: Caller,
  id: string,
  query: MessagesQuery,
): Promise<Result<MessagePage>> {
  const opened = await openSession(services, caller, id, "listMessages");
  return opened.ok ? await opened.stub.listMessages(opened.call, query) : opened;
}

/** Stores a message once per side and `clientId`; role and author are the team's to choose. */
export async function postMessage(
  services: Services,
  caller: Caller,
  id: string,
  message: NewTeamMessage,
): Promise<Result<{ readonly message: Message; readonly isNew: boolean }>> {
  const opened = await openSession(services, caller, id, "postMessage");
  if (!opened.ok) return opened;
  const choosesRole = message.role !== undefined && message.role !== "user";
  if (caller.kind === "credential" && (choosesRole || message.author !== undefined)) {
    return { ok: false, code: "forbidden" };
  }
  return await opened.stub.postMessage(opened.call, message);
}

/** Takes a message's content back for good, also after the session's end; its place in the log stays. */
export async function redactMessage(
  services: Services,
  caller: Caller,
  id: string,
  messageId: string,
): Promise<Result<object>> {
  const opened = await openSession(services, caller, id, "redactMessage");
  return opened.ok ? await opened.stub.redactMessage(opened.call, messageId) : opened;
}

/** Stores what the owner's device kept of an older client, in the session's first hour; nobody vouches for it. */
export async function importMessages(
  services: Services,
  caller: Caller,
  id: string,
  request: ImportRequest,
): Promise<Result<ImportAnswer>> {
  const opened = await openSession(services, caller, id, "importMessages");
  if (!opened.ok) return opened;
  const limited = caller.kind === "credential" && (await limitOwner(services, caller, "import"));
  return limited || (await opened.stub.importMessages(opened.call, request));
}
