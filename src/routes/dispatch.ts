// What happens to every request before and after its operation: origin, caller, query and body, then the answer's headers.
// Whatever a client sends, it gets an answer or a problem; what is our fault is logged and told without detail.

import { authenticate, authenticateAdmin } from "../auth.ts";
import type { Caller } from "../caller.ts";
import { currentRequest } from "../log.ts";
import { attempt } from "../operations/dependency-failures.ts";
import { noteRefusal } from "../operations/refusals.ts";
import type { Failure, Result } from "../protocol/errors.ts";
import { isText, readBody, readQuery } from "./body.ts";
import type { Answer, Endpoint, Refusal, StreamedAnswer } from "./endpoint.ts";
import type { Matched } from "./matched.ts";
import { type Audience, allowOrigin, mayCallFrom, preflightAnswer } from "./origin.ts";
import { problem } from "./problem.ts";
import { nameCaller } from "./request-log.ts";

/** Answers a request for `endpoint`. */
export function dispatch(endpoint: Endpoint, matched: Matched): Promise<Response> {
  return fromOrigin(endpoint.audience, matched, async () => {
    const answer = await perform(endpoint, matched);
    if ("code" in answer) return refused(answer);
    return "stream" in answer ? streamed(answer) : json(answer);
  });
}

function refused({ headers = {}, ...failure }: Refusal): Response {
  const response = problem(failure);
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

function json({ status, body, cookies = [] }: Exclude<Answer, StreamedAnswer>): Response {
  const response =
    body === undefined ? new Response(null, { status }) : Response.json(body, { status });
  for (const cookie of cookies) response.headers.append("Set-Cookie", cookie);
  return response;
}

function streamed({ status, stream, headers }: StreamedAnswer): Response {
  return new Response(stream, { status, headers });
}

/** Answers a browser that asks whether a page may call. */
export function preflight(audience: Audience, matched: Matched): Promise<Response> {
  const origin = matched.request.headers.get("Origin");
  return fromOrigin(audience, matched, async () =>
    origin === null ? problem(NOT_ALLOWED) : preflightAnswer(audience, origin),
  );
}

/** `respond`, if the request's page may call at all; only then may it read the response. */
export async function fromOrigin(
  audience: Audience,
  matched: Matched,
  respond: () => Promise<Response>,
): Promise<Response> {
  const { request } = matched;
  const origin = request.headers.get("Origin");
  let response: Response;
  if (origin === null) response = await guarded(respond);
  else {
    const isAllowed = await attempt(() => mayCallFrom(matched.services, audience, origin, matched));
    if (isAllowed === true) {
      response = await guarded(respond);
      allowOrigin(response, audience, origin);
    } else {
      const refusal = isAllowed === false ? NOT_ALLOWED : isAllowed;
      note(matched, refusal, request.method, undefined, undefined);
      response = problem(refusal);
    }
  }
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("Vary", "Origin");
  response.headers.set("X-Content-Type-Options", "nosniff");
  return response;
}

const NOT_ALLOWED: Failure = { ok: false, code: "origin_not_allowed" };

/** What `respond` answers; whatever it throws is our fault, and the request's line in the log says what it was. */
export async function guarded(respond: () => Promise<Response>): Promise<Response> {
  try {
    return await respond();
  } catch (error) {
    const request = currentRequest();
    if (request !== undefined) request.error = String(error);
    return problem({ code: "internal_error" });
  }
}

async function perform(endpoint: Endpoint, matched: Matched): Promise<Answer | Refusal> {
  const { request, services } = matched;
  const logged = currentRequest();
  if (logged !== undefined) {
    logged.operation = endpoint.operationId;
    logged.isLong = endpoint.takesText === true || endpoint.takesFile === true;
  }
  let caller: Caller | undefined;
  let sent: unknown;
  const answer = await attempt(async (): Promise<Answer | Refusal> => {
    const identified = await identify(endpoint, matched);
    if (!identified.ok) return identified;
    caller = identified.caller;
    nameCaller(logged, caller);
    const { params } = matched;
    if (params === undefined) return { ok: false, code: "invalid_parameter" };
    const query = readQuery(request.url, endpoint.query);
    if (!query.ok) return query;
    if (endpoint.takesText && !isText(request))
      return { ok: false, code: "unsupported_media_type" };
    const body = endpoint.body && (await readBody(request, endpoint.body, endpoint.maxBodyBytes));
    if (body?.ok === false) return body;
    sent = body?.value;
    return await endpoint.handle({
      request,
      services,
      caller,
      params,
      query: query.value,
      body: body?.value,
    });
  });
  if ("code" in answer) note(matched, answer, endpoint.operationId, caller, sent);
  return answer;
}

/** Tells the team whose session or data it is. A creation names its team in the body. */
function note(
  { services, params }: Matched,
  { code }: Failure,
  operation: string,
  caller: Caller | undefined,
  body: unknown,
): void {
  const { teamId = params?.teamId } = (body ?? {}) as { readonly teamId?: string };
  noteRefusal(services, { code, operation, caller, sessionId: params?.id, teamId }, Date.now());
}

async function identify(
  { audience }: Endpoint,
  { request, services, params }: Matched,
): Promise<Result<{ readonly caller: Caller }>> {
  // What is for all looks at nobody's credential: a wrong one is no reason to refuse.
  if (audience === "public") return { ok: true, caller: { kind: "anonymous" } };
  if (audience === "admin") return await authenticateAdmin(services.env, request);
  if (audience === "caretaker") {
    const admin = await authenticateAdmin(services.env, request);
    if (admin.ok) return admin;
  }
  const identified = await authenticate(services, request, {
    sessionId: params?.id,
    teamId: params?.teamId,
  });
  const isNobody = identified.ok && identified.caller.kind === "anonymous";
  return isNobody && audience !== "creation" ? { ok: false, code: "unauthenticated" } : identified;
}
