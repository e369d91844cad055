import * as operations from "../operations/conversations.ts";
import { MAX_IMPORT_BODY_BYTES } from "../protocol/limits.ts";
import { importAnswer, importSchema } from "../schemas/import.ts";
import { noQuerySchema } from "../schemas/requests.ts";
import { answer, endpoint } from "./endpoint.ts";

export const importMessages = endpoint({
  operationId: "importMessages",
  summary: "Bring along what an older client kept, in the session's first hour; once by its ids",
  audience: "session",
  access: "importMessages",
  query: noQuerySchema,
  body: importSchema,
  maxBodyBytes: MAX_IMPORT_BODY_BYTES,
  answers: { 200: importAnswer },
  errors: [
    "import_closed",
    "too_many_conversations",
    "message_too_large",
    "quota_exceeded",
    "rate_limited",
    "session_expired",
    "session_terminated",
  ],
  async handle({ services, caller, params: { id = "" }, body }) {
    return answer(200, await operations.importMessages(services, caller, id, body));
  },
});
