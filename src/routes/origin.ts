// Which browser pages may call: exact origins, from the policy of the team that the request is about. Nothing is
// reflected that a team has not listed.
import { readSessionId } from "../credentials.ts";
import { isOriginAllowed } from "../domain/policy.ts";
import { teamOfSession } from "../operations/session-access.ts";
import type { Services } from "../services.ts";
import { isKnownOrigin, teamById } from "../team-cache.ts";

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
  /** Backends only. */
  | "team"
  | "admin";

const METHODS = "GET, POST, PATCH, PUT, DELETE";
const HEADERS = "Authorization, Content-Type, Idempotency-Key";

/** Whether the page that sent `request` may; requests that are not a page's have no origin. Throws `IndexError`. */
export async function mayCallFrom(
  services: Services,
  audience: Audience,
  origin: string,
  params: Readonly<Record<string, string>>,
): Promise<boolean> {
  switch (audience) {
    case "public":
      return true;
    case "creation":
      return await isKnownOrigin(services.env, origin);
    case "session": {
      const address = await readSessionId(services.keys, params.id ?? "");
      // No session of ours: a page that some team allows is told so, or it would take the refusal for a broken network.
      if (address === undefined) return await isKnownOrigin(services.env, origin);
      const team = await teamOfSession(services, address);
      return team !== undefined && isOriginAllowed(origin, team.policy.allowedOrigins);
    }
    case "person": {
      const team = await teamById(services.env, params.teamId ?? "");
      return team === undefined
        ? await isKnownOrigin(services.env, origin)
        : isOriginAllowed(origin, team.policy.allowedOrigins);
    }
    case "team":
    case "admin":
      return false;
  }
}

/** Lets the page at `origin`, which the team lists, read `response`; what is nobody's data, any page. */
export function allowOrigin(response: Response, audience: Audience, origin: string): void {
  if (audience === "public") response.headers.set("Access-Control-Allow-Origin", "*");
  else {
    response.headers.set("Access-Control-Allow-Origin", origin);
    response.headers.set("Access-Control-Allow-Credentials", "true");
  }
  response.headers.set("Access-Control-Expose-Headers", "Retry-After");
}

export function preflightAnswer(audience: Audience, origin: string): Response {
  const response = new Response(null, { status: 204 });
  allowOrigin(response, audience, origin);
  response.headers.set("Access-Control-Allow-Methods", METHODS);
  response.headers.set("Access-Control-Allow-Headers", HEADERS);
  response.headers.set("Access-Control-Max-Age", "60");
  return response;
}
