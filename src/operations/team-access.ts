import type { Caller } from "../caller.ts";
import { TEAM_ACCESS, type TeamOperation, type TeamRule } from "../domain/access.ts";
import type { Failure } from "../protocol/errors.ts";

/** Whether `caller` may do `operation` for a team, and the team's number if so. */
export function mayAsk(
  caller: Caller,
  teamId: string,
  operation: TeamOperation,
): { readonly ok: true; readonly number: number } | Failure {
  if (caller.kind === "anonymous" || caller.kind === "admin") {
    return { ok: false, code: "unauthenticated" };
  }
  const rule: TeamRule = TEAM_ACCESS[operation];
  const may =
    caller.kind === "team"
      ? caller.scopes.includes(rule.scope)
      : caller.kind === "operator" && rule.operator;
  if (!may || caller.kind === "credential") return { ok: false, code: "forbidden" };
  if (caller.teamId !== teamId) return { ok: false, code: "team_not_found" };
  return { ok: true, number: caller.teamNumber };
}
