// How far runs of the cleanup have come, for the next one to go on there. Two runs at once do the same twice, which
// changes nothing, and the last one's word stays.
import { eq, sql } from "drizzle-orm";
import type { IndexDatabase } from "./databases.ts";
import { run } from "./run.ts";
import { sweeps } from "./schema.ts";

/** Where the sweep goes on; undefined at its beginning. Throws `IndexError`. */
export async function sweepPosition(
  database: IndexDatabase,
  name: string,
): Promise<string | undefined> {
  const row = await run(
    database.select({ position: sweeps.position }).from(sweeps).where(eq(sweeps.name, name)).get(),
  );
  return row?.position;
}

/** The next run goes on after `position`; from the beginning where that is undefined. Throws `IndexError`. */
export async function saveSweepPosition(
  database: IndexDatabase,
  name: string,
  position: string | undefined,
  now: number,
): Promise<void> {
  await run(
    position === undefined
      ? database.delete(sweeps).where(eq(sweeps.name, name))
      : database
          .insert(sweeps)
          .values({ name, position, updatedAt: now })
          .onConflictDoUpdate({ target: sweeps.name, set: { position, updatedAt: now } }),
  );
}

/** The statement that has sweeps begin anew that have come as far as a session: its id is to be nowhere any more. */
export function forgetPositions(database: IndexDatabase, sessionId: string) {
  return database.delete(sweeps).where(sql`instr(${sweeps.position}, ${sessionId}) > 0`);
}
