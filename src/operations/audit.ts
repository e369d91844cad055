// The audit trail as teams read it.
import type { Caller } from "../caller.ts";
import type { AuditActor, AuditEventList } from "../protocol/audit.ts";
import type { Result } from "../protocol/errors.ts";
import type { Services } from "../services.ts";
import * as index from "../session-index/audit.ts";
import type { Page } from "../session-index/cursor.ts";
import { sessionsDatabase } from "../session-index/databases.ts";
import { mayAsk } from "./team-access.ts";

export async function listAuditEvents(
  { env }: Services,
  caller: Caller,
  query: Page & { readonly teamId: string },
): Promise<Result<AuditEventList>> {
  const team = mayAsk(caller, query.teamId, "listAuditEvents");
  if (!team.ok) return team;
  return await index.listAuditEvents(sessionsDatabase(env, team.number), query);
}

/** As whom the audit trail knows a team's backend: by its key, or as a binding, which has none. */
export function teamActor(caller: Caller): AuditActor {
  const keyId = caller.kind === "team" ? caller.keyId : undefined;
  return { kind: "team", ...(keyId !== undefined && { id: keyId }) };
}
