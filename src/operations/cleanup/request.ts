// Who may have things cleaned up: the administrator all there is, a team its own sessions.
import type { Caller } from "../../caller.ts";
import type { Result } from "../../protocol/errors.ts";
import type { CleanupResult } from "../../protocol/lifecycle.ts";
import type { Services } from "../../services.ts";
import { limitCleanup } from "../rate-limits.ts";
import { mayAsk } from "../team-access.ts";
import { cleanUp } from "./clean-up.ts";

export async function cleanupExpiredSessions(
  services: Services,
  caller: Caller,
): Promise<Result<CleanupResult>> {
  const { env } = services;
  if (caller.kind === "admin") return { ok: true, ...(await cleanUp(env, undefined, Date.now())) };
  const teamId = caller.kind === "team" || caller.kind === "operator" ? caller.teamId : "";
  const team = mayAsk(caller, teamId, "cleanUp");
  if (!team.ok) return team;
  const limited = await limitCleanup(services, teamId);
  if (limited) return limited;
  return { ok: true, ...(await cleanUp(env, teamId, Date.now())) };
}
