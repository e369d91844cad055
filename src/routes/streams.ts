import * as operations from "../operations/streams.ts";
import { messageAnswer } from "../schemas/answers.ts";
import { streamMessageQuerySchema } from "../schemas/streams.ts";
import { endpoint } from "./endpoint.ts";

export const streamMessage = endpoint({
  operationId: "streamMessage",
  summary: "Store the text of the body as one message, and show it to the readers as it comes",
  audience: "session",
  access: "streamMessage",
  query: streamMessageQuerySchema,
  body: undefined,
  takesText: true,
  answers: { 200: messageAnswer, 201: messageAnswer },
  errors: [
    "conversation_not_found",
    "stream_in_progress",
    "stream_ended",
    "too_many_streams",
    "message_too_large",
    "quota_exceeded",
    "session_expired",
    "session_terminated",
  ],
  async handle({ request, services, caller, params: { id = "" }, query }) {
    const body = request.body ?? EMPTY();
    const posted = await operations.streamMessage(services, caller, id, query, body);
    if (!posted.ok) return posted;
    return { status: posted.isNew ? 201 : 200, body: { message: posted.message } };
  },
});

/** What a request without a body says. */
const EMPTY = () => new Blob().stream();
