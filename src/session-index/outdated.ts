// Rows that have served their time.
import { sql } from "drizzle-orm";
import type { IndexDatabase } from "./databases.ts";
import { run } from "./run.ts";

interface Outdated {
  /** Epoch milliseconds; what is older goes. */
  readonly before: number;
  readonly limit: number;
}

/** Forgets sessions that were purged before; returns how many. Throws `IndexError`. */
export async function deletePurged(
  database: IndexDatabase,
  { before, limit }: Outdated,
): Promise<number> {
  const { meta } = await run(
    database.run(
      sql`DELETE FROM purged WHERE id_hash IN (
        SELECT id_hash FROM purged WHERE at < ${before} ORDER BY at LIMIT ${limit})`,
    ),
  );
  return meta.changes;
}

/** Deletes old events of all teams' audit trails; returns how many. Throws `IndexError`. */
export async function deleteAuditEvents(
  database: IndexDatabase,
  { before, limit }: Outdated,
): Promise<number> {
  const { meta } = await run(
    database.run(
      sql`DELETE FROM audit_events WHERE (team_id, at, id) IN (
        SELECT a.team_id, a.at, a.id
        FROM teams t CROSS JOIN audit_events a ON a.team_id = t.id
        WHERE a.at < ${before} LIMIT ${limit})`,
    ),
  );
  return meta.changes;
}
