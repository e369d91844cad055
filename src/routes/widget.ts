// The chat in a frame, for pages of the team's own origins and no others: the page itself is the same for all teams, and the
// answer's policy says who may frame it.
import { attempt } from "../operations/dependency-failures.ts";
import { teamById } from "../team-cache.ts";
import { guarded } from "./dispatch.ts";
import { problem } from "./problem.ts";

export const WIDGET_PATH = "/widget";

/** Answers `GET /widget?team=`. */
export function widgetPage(request: Request, env: Env): Promise<Response> {
  return guarded(async () => {
    const teamId = new URL(request.url).searchParams.get("team") ?? "";
    const team = await attempt(() => teamById(env, teamId));
    if (team === undefined) return problem({ code: "team_not_found" });
    if ("code" in team) return problem(team);
    const page = await env.ASSETS.fetch(request);
    const response = new Response(page.body, page);
    const { allowedOrigins, disabled } = team.policy;
    const ancestors = disabled ? [] : allowedOrigins.filter((origin) => HOST_SOURCE.test(origin));
    response.headers.set(
      "Content-Security-Policy",
      framedBy(page.headers.get("Content-Security-Policy") ?? "", ancestors),
    );
    // Kept for a while, it would add to the minute for which a team's list may be out of date here.
    response.headers.set("Cache-Control", "no-cache");
    return response;
  });
}

/** A host may have letters that mean something else in a policy; nobody's real one has. */
const HOST_SOURCE = /^https?:\/\/[\w.-]+(?::(?:\d+|\*))?$/;

/** The policy of all pages, but for who may frame this one. */
function framedBy(policy: string, ancestors: readonly string[]): string {
  const others = policy
    .split(";")
    .map((directive) => directive.trim())
    .filter((directive) => directive !== "" && !directive.startsWith("frame-ancestors"));
  return [...others, `frame-ancestors ${ancestors.join(" ") || "'none'"}`].join("; ");
}
