import { isOriginAllowed } from "../domain/policy.ts";
import * as operations from "../operations/identity.ts";
import { openedAnswer } from "../schemas/answers.ts";
import { identifySchema, noQuerySchema, resumeSessionSchema } from "../schemas/requests.ts";
import { teamById } from "../team-cache.ts";
import { endpoint } from "./endpoint.ts";
import { opened } from "./opened.ts";
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
    const { identityToken } = body;
    const visitor = visitorOf(request);
    const identified = await operations.identifySession(
      services,
      caller,
      id,
      identityToken,
      visitor,
    );
    if (!identified.ok) return identified;
    const { ok: _, ...answered } = identified;
    const transport = caller.kind === "credential" ? caller.transport : undefined;
    return await opened(services, 200, transport, answered);
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
    const origin = request.headers.get("Origin");
    if (origin !== null) {
      const team = await teamById(services.env, body.teamId);
      if (team && !isOriginAllowed(origin, team.policy.allowedOrigins)) {
        return { ok: false, code: "origin_not_allowed" };
      }
    }
    const resumed = await operations.resumeSession(services, body, visitorOf(request));
    if (!resumed.ok) return resumed;
    const { ok: _, ...answered } = resumed;
    return await opened(services, 200, body.tokenTransport, answered);
  },
});
