// Which browser pages may call: exact origins, from the policy of the team that the request is about. Nothing is
// reflected that a team has not listed.
import { readSessionId } from "../credentials/session-id.ts";
import { isOperatorTicket } from "../credentials/ticket.ts";
import { isOriginAllowed, type TeamSettings } from "../domain/policy.ts";
import { teamOfSession } from "../operations/session-access.ts";
import type { Failure } from "../protocol/errors.ts";
import type { Services } from "../services.ts";
import { isKnownOrigin, teamById } from "../team-cache.ts";
import type { Matched } from "./matched.ts";
import { isUpgrade, ticketOf } from "./subprotocols.ts";

/** Whom a route is about, and so whose origins count. */
export type Audience =
  /** Nobody's data. */
  | "public"
  /** A new session of the team in the body: the page may be anyone's until the body is read. */
  | "creation"
  /** The session in the path. */
  | "session"
  /** A person's sessions with the team in the path: its backends, and the person. */
  | "person"
  /** The team in the path: its backends, and pages for its staff. */
  | "team"
  /** Whom the caller's key is of, which the path does not say: backends only. */
  | "caretaker"
  /** Backends only. */
  | "admin";

/** Whose page it has to be: a preflight does not say whose token the call will bring. */
type PageKind = "visitor" | "operator" | "either";

function pageKindOf(request: Request): PageKind {
  if (request.method === "OPTIONS") return "either";
  // Whoever connects acts by its ticket, whatever else it sends.
  if (isUpgrade(request)) return isOperatorTicket(ticketOf(request) ?? "") ? "operator" : "visitor";
  const authorization = request.headers.get("Authorization") ?? "";
  return /^Bearer op_/i.test(authorization) ? "operator" : "visitor";
}

const METHODS = "GET, POST, PATCH, PUT, DELETE";
const HEADERS = "Authorization, Content-Type, Idempotency-Key, Range";
/** Answers' headers that a page may read, beside those that the Fetch standard lets it. */
const EXPOSED_HEADERS = "Retry-After, X-Request-Id, Content-Disposition, Content-Range";

const FOR_NO_PAGE_OF_OURS: readonly Audience[] = ["creation", "caretaker", "admin"];

/** Whether the page that sent `request` from `origin` may; what is not a page's has no origin. Throws `IndexError`. */
export async function mayCallFrom(
  services: Services,
  audience: Audience,
  origin: string,
  { request, params }: Pick<Matched, "request" | "params">,
): Promise<boolean> {
  const pageKind = pageKindOf(request);
  // The Worker's own pages, the dashboard among them.
  const isOwn = pageKind === "operator" && origin === new URL(request.url).origin;
  if (isOwn && !FOR_NO_PAGE_OF_OURS.includes(audience)) return true;
  switch (audience) {
    case "public":
      return true;
    case "creation":
      return await isKnownOrigin(services.env, origin);
    case "session": {
      const address = await readSessionId(services.keys, params?.id ?? "");
      // No session of ours: a page that some team allows is told so, or it would take the refusal for a broken network.
      if (address === undefined) return await isKnownOrigin(services.env, origin);
      return isPageOf(await teamOfSession(services, address), origin, pageKind);
    }
    case "person": {
      const team = await teamById(services.env, params?.teamId ?? "");
      return team === undefined
        ? await isKnownOrigin(services.env, origin)
        : isPageOf(team, origin, pageKind);
    }
    case "team":
      return isPageOf(await teamById(services.env, params?.teamId ?? ""), origin, pageKind);
    case "caretaker":
    case "admin":
      return false;
  }
}

/**
 * Why the page that sent `request` may open no session of the team that the body names, if so. That there is no such team
 * is for the operation to tell, to whom it may. Throws `IndexError`.
 */
export async function pageRefusal(
  { env }: Services,
  request: Request,
  teamId: string,
): Promise<Failure | undefined> {
  const origin = request.headers.get("Origin");
  if (origin === null) return undefined;
  const team = await teamById(env, teamId);
  const isAllowed = team === undefined || isPageOf(team, origin, "visitor");
  return isAllowed ? undefined : { ok: false, code: "origin_not_allowed" };
}

function isPageOf(team: TeamSettings | undefined, origin: string, pageKind: PageKind): boolean {
  if (team === undefined) return false;
  const { allowedOrigins, operatorOrigins } = team.policy;
  return (
    (pageKind !== "operator" && isOriginAllowed(origin, allowedOrigins)) ||
    (pageKind !== "visitor" && isOriginAllowed(origin, operatorOrigins))
  );
}

/** Lets the page at `origin`, which the team lists, read `response`; what is nobody's data, any page. */
export function allowOrigin(response: Response, audience: Audience, origin: string): void {
  if (audience === "public") response.headers.set("Access-Control-Allow-Origin", "*");
  else {
    response.headers.set("Access-Control-Allow-Origin", origin);
    response.headers.set("Access-Control-Allow-Credentials", "true");
  }
  response.headers.set("Access-Control-Expose-Headers", EXPOSED_HEADERS);
}

export function preflightAnswer(audience: Audience, origin: string): Response {
  const response = new Response(null, { status: 204 });
  allowOrigin(response, audience, origin);
  response.headers.set("Access-Control-Allow-Methods", METHODS);
  response.headers.set("Access-Control-Allow-Headers", HEADERS);
  response.headers.set("Access-Control-Max-Age", "60");
  return response;
}
