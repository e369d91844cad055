// Teams' webhooks, which are a part of the team: each change is a new revision of it.
import { and, eq } from "drizzle-orm";
import type { WebhookSettings } from "../domain/policy.ts";
import { auditOfChange, type NewAuditEvent } from "./audit.ts";
import type { IndexDatabase } from "./databases.ts";
import { run } from "./run.ts";
import { teams, webhookFailures } from "./schema.ts";
import { type TeamRecord, teamRecord } from "./teams.ts";

/**
 * Gives a team another webhook, or none, over the revision that was read; undefined when the team has changed since.
 * Throws `IndexError`.
 */
export async function changeWebhook(
  database: IndexDatabase,
  { id, revision }: Pick<TeamRecord, "id" | "revision">,
  webhook: WebhookSettings | null,
  event: NewAuditEvent,
  now: number,
): Promise<TeamRecord | undefined> {
  const update = database
    .update(teams)
    .set({ webhook, revision: revision + 1, updatedAt: now })
    .where(and(eq(teams.id, id), eq(teams.revision, revision)))
    .returning();
  const [[row]] = await run(database.batch([update, auditOfChange(database, id, event, now)]));
  // What failed on its way to a webhook that is gone is nobody's concern any more.
  if (row !== undefined && webhook === null) {
    await run(database.delete(webhookFailures).where(eq(webhookFailures.teamId, id)));
  }
  return row && teamRecord(row);
}
