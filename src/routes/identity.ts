import * as operations from "../operations/identity.ts";
import { openedAnswer } from "../schemas/answers.ts";
import { identifySchema, noQuerySchema, resumeSessionSchema } from "../schemas/requests.ts";
import { endpoint } from "./endpoint.ts";
import { opened, transportOf } from "./opened.ts";
import { pageRefusal } from "./origin.ts";
import { visitorOf } from "./visitor.ts";

export const identifySession = endpoint({
  operationId: "identifySession",
  summary: "Bind the session to a person; shuts out every key that it had before",
  audience: "session",
  access: "identify",
  query: noQuerySchema,
  body: identifySchema,
  answers: { 200: openedAnswer },
  errors: [
    "invalid_identity_token",
    "identity_conflict",
    "rate_limited",
    "session_expired",
    "session_terminated",
  ],
  async handle({ request, services, caller, params: { id = "" }, body }) {
    const visitor = visitorOf(request);
    const identified = await operations.identifySession(services, caller, id, body, visitor);
    return await opened(services, 200, transportOf(caller), identified);
  },
});

export const resumeSession = endpoint({
  operationId: "resumeSession",
  summary: "Open a person's session on another device",
  audience: "creation",
  access: "anyone",
  query: noQuerySchema,
  body: resumeSessionSchema,
  answers: { 200: openedAnswer },
  errors: [
    "invalid_identity_token",
    "session_not_found",
    "team_not_found",
    "team_disabled",
    "rate_limited",
  ],
  async handle({ request, services, body }) {
    const refusal = await pageRefusal(services, request, body.teamId);
    if (refusal) return refusal;
    const resumed = await operations.resumeSession(services, body, visitorOf(request));
    return await opened(services, 200, body.tokenTransport, resumed);
  },
});
