// The token as a cookie, for the browser's own session with a team: no script can read it (`HttpOnly`), no other host can
// set it (`__Host-`, RFC 6265bis), and in a page of another site it is one per embedding site (`Partitioned`, CHIPS).
import { parseCookie, stringifySetCookie } from "cookie";
import type { TeamPolicy } from "../protocol/team.ts";

const DAY_SECONDS = 86_400;

const nameOf = (teamId: string) => `__Host-ds.${teamId}`;

/**
 * `Set-Cookie` headers that give the browser `token`. It may outlive its session, whose object decides. A cookie of before
 * the team changed its mind about other sites would stand beside this one, so it is taken away.
 */
export function tokenCookies(
  teamId: string,
  token: string,
  { crossSiteCookies, absoluteDays }: Pick<TeamPolicy, "crossSiteCookies" | "absoluteDays">,
): readonly string[] {
  const maxAge = absoluteDays * DAY_SECONDS;
  return [
    cleared(teamId, !crossSiteCookies),
    stringifySetCookie({
      name: nameOf(teamId),
      value: token,
      maxAge,
      ...attributes(crossSiteCookies),
    }),
  ];
}

/** Those that take the token away, of whichever kind it is. */
export function clearedCookies(teamId: string): readonly string[] {
  return [cleared(teamId, true), cleared(teamId, false)];
}

function cleared(teamId: string, crossSite: boolean): string {
  return stringifySetCookie({
    name: nameOf(teamId),
    value: "",
    maxAge: 0,
    ...attributes(crossSite),
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
