import { eraseSession } from "../operations/data-requests.ts";
import * as operations from "../operations/sessions.ts";
import type { Failure } from "../protocol/errors.ts";
import {
  openedAnswer,
  refreshedAnswer,
  sessionAnswer,
  validatedAnswer,
} from "../schemas/answers.ts";
import { eraseReceiptAnswer, terminateQuerySchema } from "../schemas/lifecycle.ts";
import {
  createSessionSchema,
  idempotencyKeySchema,
  noQuerySchema,
  refreshSessionSchema,
} from "../schemas/requests.ts";
import { answer, endpoint } from "./endpoint.ts";
import { closed, cookieRefusal, opened, transportOf } from "./opened.ts";
import { pageRefusal } from "./origin.ts";
import { visitorOf } from "./visitor.ts";

export const createSession = endpoint({
  operationId: "createSession",
  summary: "Create a session; with an Idempotency-Key, once however often it is asked for",
  audience: "creation",
  access: "createSession",
  query: noQuerySchema,
  body: createSessionSchema,
  answers: { 200: openedAnswer, 201: openedAnswer },
  errors: [
    "team_not_found",
    "team_disabled",
    "idempotency_key_expired",
    "too_many_credentials",
    "rate_limited",
    "bot_check_failed",
  ],
  async handle({ request, services, caller, body }) {
    const refusal =
      (await pageRefusal(services, request, body.teamId)) ??
      cookieRefusal(caller, body.tokenTransport);
    if (refusal) return refusal;
    const idempotencyKey = request.headers.get("Idempotency-Key") ?? undefined;
    if (idempotencyKey !== undefined && !idempotencyKeySchema.safeParse(idempotencyKey).success) {
      return INVALID_KEY;
    }
    const created = await operations.createSession(services, caller, body, {
      idempotencyKey,
      visitor: visitorOf(request),
      origin: request.headers.get("Origin") ?? undefined,
    });
    if (!created.ok) return created;
    const { isNew, ...answered } = created;
    return await opened(services, isNew ? 201 : 200, body.tokenTransport, answered);
  },
});

const INVALID_KEY: Failure = {
  ok: false,
  code: "invalid_parameter",
  message: "Idempotency-Key must be 22–128 characters of base64url.",
};

export const validateSession = endpoint({
  operationId: "validateSession",
  summary: "Whether the session is active; slides its expiry",
  audience: "session",
  access: "validate",
  query: noQuerySchema,
  body: undefined,
  answers: { 200: validatedAnswer },
  errors: [],
  async handle({ services, caller, params: { id = "" } }) {
    return answer(200, await operations.validateSession(services, caller, id));
  },
});

export const refreshSession = endpoint({
  operationId: "refreshSession",
  summary:
    "Extend the session; replaces its caller's token when that is a day old, or with `rotate`",
  audience: "session",
  access: "refresh",
  query: noQuerySchema,
  body: refreshSessionSchema,
  answers: { 200: refreshedAnswer },
  errors: ["session_expired", "session_terminated"],
  async handle({ services, caller, params: { id = "" }, body }) {
    const refreshed = await operations.refreshSession(services, caller, id, body);
    return await opened(services, 200, transportOf(caller), refreshed);
  },
});

export const getSession = endpoint({
  operationId: "getSession",
  summary: "The session; changes nothing",
  audience: "session",
  access: "get",
  query: noQuerySchema,
  body: undefined,
  answers: { 200: sessionAnswer },
  errors: ["session_expired", "session_terminated"],
  async handle({ services, caller, params: { id = "" } }) {
    return answer(200, await operations.getSession(services, caller, id));
  },
});

/** Whoever may end a session may erase it. */
export const terminateSession = endpoint({
  operationId: "terminateSession",
  summary: "End the session for good and close its sockets; with `erase`, remove all of it",
  audience: "session",
  access: "terminate",
  query: terminateQuerySchema,
  body: undefined,
  answers: { 200: eraseReceiptAnswer, 204: null },
  errors: ["fresh_credential_needed"],
  async handle({ services, caller, params: { id = "" }, query: { erase } }) {
    if (erase === undefined) {
      const ended = await operations.terminateSession(services, caller, id);
      return ended.ok ? await closed(services, caller, id) : ended;
    }
    const erased = await eraseSession(services, caller, id);
    if (!erased.ok) return erased;
    const { ok: _, ...receipt } = erased;
    return { ...(await closed(services, caller, id)), status: 200, body: receipt };
  },
});
