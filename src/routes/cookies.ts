// The token as a cookie, for the browser's own session with a team: no script can read it (`HttpOnly`), no other host can
// set it (`__Host-`, RFC 6265bis), and in a page of another site it is one per embedding site (`Partitioned`, CHIPS).
import { parseCookie, stringifySetCookie } from "cookie";
import type { TeamPolicy } from "../protocol/rest.ts";

const DAY_SECONDS = 86_400;

const nameOf = (teamId: string) => `__Host-ds.${teamId}`;

/** A `Set-Cookie` header that gives the browser `token`. It may outlive its session, whose object decides. */
export function tokenCookie(
  teamId: string,
  token: string,
  { crossSiteCookies, absoluteDays }: Pick<TeamPolicy, "crossSiteCookies" | "absoluteDays">,
): string {
  const maxAge = absoluteDays * DAY_SECONDS;
  return stringifySetCookie({
    name: nameOf(teamId),
    value: token,
    maxAge,
    ...attributes(crossSiteCookies),
  });
}

/** One that takes the token away. */
export function clearedCookie(
  teamId: string,
  { crossSiteCookies }: Pick<TeamPolicy, "crossSiteCookies">,
): string {
  return stringifySetCookie({
    name: nameOf(teamId),
    value: "",
    maxAge: 0,
    ...attributes(crossSiteCookies),
  });
}

function attributes(crossSite: boolean) {
  const common = { path: "/", secure: true, httpOnly: true };
  return crossSite
    ? ({ ...common, sameSite: "none", partitioned: true } as const)
    : ({ ...common, sameSite: "lax" } as const);
}

/** What a request is about, as far as its path says. */
export interface Subject {
  readonly sessionId: string | undefined;
  readonly teamId: string | undefined;
}

/** The token in a cookie of the request, if there is one for the session or the team that it is about. */
export function cookieToken(request: Request, { sessionId, teamId }: Subject): string | undefined {
  const header = request.headers.get("Cookie");
  if (header === null) return undefined;
  if (sessionId === undefined) {
    return teamId === undefined ? undefined : parseCookie(header)[nameOf(teamId)];
  }
  // A browser may have two of one name, of which only one is partitioned; so each is looked at.
  return header
    .split(";")
    .flatMap((pair) => Object.entries(parseCookie(pair)))
    .find(
      ([name, value]) => name.startsWith(nameOf("")) && value?.startsWith(`${sessionId}.`),
    )?.[1];
}
