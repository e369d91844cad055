import type { Caller } from "../caller.ts";
import { mayAskAsOwner, mayAskAsTeam, type TeamOperation } from "../domain/access.ts";
import type { Result } from "../protocol/errors.ts";
import type { Services } from "../services.ts";
import { openSession } from "./session-access.ts";

/** Whether `caller` may do `operation` for a team, and the team's number if so. */
export function mayAsk(
  caller: Caller,
  teamId: string,
  operation: TeamOperation,
): Result<{ readonly number: number }> {
  if (caller.kind === "anonymous" || caller.kind === "admin") {
    return { ok: false, code: "unauthenticated" };
  }
  if (caller.kind === "credential") return { ok: false, code: "forbidden" };
  if (!mayAskAsTeam(operation, caller.kind === "team" ? caller : "operator"))
    return { ok: false, code: "forbidden" };
  if (caller.teamId !== teamId) return { ok: false, code: "team_not_found" };
  return { ok: true, number: caller.teamNumber };
}

/** Whose sessions a question is about. */
interface Asked {
  readonly number: number;
  /** The person whose sessions alone the caller may see; undefined for the whole team's. */
  readonly userId: string | undefined;
}

/** The same for questions that the owner of an identified session may ask too, about that person's sessions. */
export async function mayAskOwn(
  services: Services,
  caller: Caller,
  teamId: string,
  operation: TeamOperation,
): Promise<Result<Asked>> {
  if (caller.kind !== "credential" || !mayAskAsOwner(operation)) {
    const asked = mayAsk(caller, teamId, operation);
    return asked.ok ? { ...asked, userId: undefined } : asked;
  }
  const { sessionId, teamNumber } = caller.credential;
  const opened = await openSession(services, caller, sessionId, "readIdentity");
  if (!opened.ok) return opened;
  const owner = await opened.stub.readIdentity(opened.call);
  if (!owner.ok) return owner;
  if (owner.teamId !== teamId) return { ok: false, code: "team_not_found" };
  // Nobody in particular has no sessions in particular.
  if (owner.userId === null) return { ok: false, code: "forbidden" };
  return { ok: true, number: teamNumber, userId: owner.userId };
}
