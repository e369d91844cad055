// Which browser pages may call: exact origins, from the policy of the team that the request is about. Nothing is
// reflected that a team has not listed.
import { readSessionId, type SessionAddress } from "../credentials.ts";
import { isOriginAllowed, type TeamSettings } from "../domain/policy.ts";
import { knownTeam, sessionStub } from "../operations/session-access.ts";
import type { Services } from "../services.ts";
import { isKnownOrigin, teamById } from "../team-cache.ts";
import type { Matched } from "./dispatch.ts";

/** Whom a route is about, and so whose origins count. */
export type Audience =
  /** Nobody's data. */
  | "public"
  /** A new session of the team in the body: the page may be anyone's until the body is read. */
  | "creation"
  /** The session in the path. */
  | "session"
  /** The team in the path: backends, and pages for its staff. */
  | "team"
  /** Backends only. */
  | "admin";

/** Whose page it has to be: a preflight does not say whose token the call will bring. */
type Guise = "visitor" | "operator" | "either";

function guiseOf(request: Request): Guise {
  if (request.method === "OPTIONS") return "either";
  const authorization = request.headers.get("Authorization") ?? "";
  return /^Bearer op_/i.test(authorization) ? "operator" : "visitor";
}

const METHODS = "GET, POST, PATCH, PUT, DELETE";
const HEADERS = "Authorization, Content-Type, Idempotency-Key";

/** Whether the page that sent `request` from `origin` may; what is not a page's has no origin. Throws `IndexError`. */
export async function mayCallFrom(
  services: Services,
  audience: Audience,
  origin: string,
  { request, params }: Pick<Matched, "request" | "params">,
): Promise<boolean> {
  const isVisitable = audience === "session" || audience === "team";
  const guise = guiseOf(request);
  // The Worker's own pages, the dashboard among them.
  if (isVisitable && guise === "operator" && origin === new URL(request.url).origin) return true;
  switch (audience) {
    case "public":
      return true;
    case "creation":
      return await isKnownOrigin(services.env, origin);
    case "session": {
      const address = await readSessionId(services.keys, params.id ?? "");
      // No session of ours: a page that some team allows is told so, or it would take the refusal for a broken network.
      if (address === undefined) return await isKnownOrigin(services.env, origin);
      return isPageOf(await teamOfSession(services, address), origin, guise);
    }
    case "team":
      return isPageOf(await teamById(services.env, params.teamId ?? ""), origin, guise);
    case "admin":
      return false;
  }
}

function isPageOf(team: TeamSettings | undefined, origin: string, guise: Guise): boolean {
  if (team === undefined) return false;
  const { allowedOrigins, operatorOrigins } = team.policy;
  return (
    (guise !== "operator" && isOriginAllowed(origin, allowedOrigins)) ||
    (guise !== "visitor" && isOriginAllowed(origin, operatorOrigins))
  );
}

/** The team of a session; while the index is down, as the session last knew it. */
async function teamOfSession(
  { env }: Services,
  { id, teamNumber }: SessionAddress,
): Promise<TeamSettings | undefined> {
  return (await knownTeam(env, teamNumber)) ?? (await sessionStub(env, id).lastKnownTeam());
}

/** Lets the page at `origin` read `response`. */
export function allowOrigin(response: Response, origin: string): void {
  response.headers.set("Access-Control-Allow-Origin", origin);
  response.headers.set("Access-Control-Expose-Headers", "Retry-After");
}

export function preflightAnswer(origin: string): Response {
  const response = new Response(null, { status: 204 });
  allowOrigin(response, origin);
  response.headers.set("Access-Control-Allow-Methods", METHODS);
  response.headers.set("Access-Control-Allow-Headers", HEADERS);
  response.headers.set("Access-Control-Max-Age", "60");
  return response;
}
