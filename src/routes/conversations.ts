import * as operations from "../operations/conversations.ts";
import {
  conversationAnswer,
  conversationListAnswer,
  messageAnswer,
  messagePageAnswer,
} from "../schemas/answers.ts";
import { newTeamMessageSchema } from "../schemas/fields.ts";
import {
  messagesQuerySchema,
  noQuerySchema,
  openConversationSchema,
  updateConversationSchema,
} from "../schemas/requests.ts";
import { answer, done, endpoint } from "./endpoint.ts";

export const listMessages = endpoint({
  operationId: "listMessages",
  summary: "Messages in seq order: after a seq, before one, or the newest",
  audience: "session",
  access: "listMessages",
  query: messagesQuerySchema,
  body: undefined,
  answers: { 200: messagePageAnswer },
  errors: ["conversation_not_found"],
  async handle({ services, caller, params: { id = "" }, query }) {
    const { conversationId, after, before, limit } = query;
    return answer(
      200,
      await operations.listMessages(services, caller, id, {
        conversationId,
        after,
        before,
        limit,
      }),
    );
  },
});

export const postMessage = endpoint({
  operationId: "postMessage",
  summary: "Store a message, once however often its clientId is sent",
  audience: "session",
  access: "postMessage",
  query: noQuerySchema,
  body: newTeamMessageSchema,
  answers: { 200: messageAnswer, 201: messageAnswer },
  errors: [
    "conversation_not_found",
    "attachment_not_found",
    "message_too_large",
    "quota_exceeded",
    "session_expired",
    "session_terminated",
  ],
  async handle({ services, caller, params: { id = "" }, body }) {
    const posted = await operations.postMessage(services, caller, id, body);
    if (!posted.ok) return posted;
    return { status: posted.isNew ? 201 : 200, body: { message: posted.message } };
  },
});

export const listConversations = endpoint({
  operationId: "listConversations",
  summary: "The session's conversations with what is unread",
  audience: "session",
  access: "listConversations",
  query: noQuerySchema,
  body: undefined,
  answers: { 200: conversationListAnswer },
  errors: ["session_expired", "session_terminated"],
  async handle({ services, caller, params: { id = "" } }) {
    return answer(200, await operations.listConversations(services, caller, id));
  },
});

export const openConversation = endpoint({
  operationId: "openConversation",
  summary: "Open another conversation in the session",
  audience: "session",
  access: "openConversation",
  query: noQuerySchema,
  body: openConversationSchema,
  answers: { 201: conversationAnswer },
  errors: ["too_many_conversations", "session_expired", "session_terminated"],
  async handle({ services, caller, params: { id = "" } }) {
    return answer(201, await operations.openConversation(services, caller, id));
  },
});

export const updateConversation = endpoint({
  operationId: "updateConversation",
  summary: "Hand a conversation over, assign it, close it; its log tells of that",
  audience: "session",
  access: "updateConversation",
  query: noQuerySchema,
  body: updateConversationSchema,
  answers: { 200: conversationAnswer },
  errors: ["conversation_not_found", "quota_exceeded", "session_expired", "session_terminated"],
  async handle({ services, caller, params: { id = "", conversationId = "" }, body }) {
    return answer(
      200,
      await operations.updateConversation(services, caller, id, conversationId, body),
    );
  },
});

export const redactMessage = endpoint({
  operationId: "redactMessage",
  summary: "Take a message back: its content is gone for good, its seq stays",
  audience: "session",
  access: "redactMessage",
  query: noQuerySchema,
  body: undefined,
  answers: { 204: null },
  errors: ["message_not_found"],
  async handle({ services, caller, params: { id = "", messageId = "" } }) {
    return done(await operations.redactMessage(services, caller, id, messageId));
  },
});
