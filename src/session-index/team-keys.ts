// Keys of teams' backends. Of the secret only its digest gets here.
import { and, eq, sql } from "drizzle-orm";
import type { KeyScope } from "../protocol/rest.ts";
import type { IndexDatabase } from "./databases.ts";
import { run } from "./run.ts";
import { teamKeys } from "./schema.ts";

export interface NewTeamKey {
  readonly id: string;
  /** There must be such a team. */
  readonly teamId: string;
  readonly secretHash: string;
  readonly scopes: readonly KeyScope[];
}

/** Times are epoch milliseconds. */
export interface TeamKeyRecord extends NewTeamKey {
  readonly createdAt: number;
  /** A key opens nothing from then on. */
  readonly revokedAt: number | null;
}

/** Throws `IndexError`, one that is not retryable when there is no such team. */
export async function createKey(
  database: IndexDatabase,
  key: NewTeamKey,
  now: number,
): Promise<void> {
  await run(database.insert(teamKeys).values({ ...key, createdAt: now }));
}

/** The key, revoked or not. Throws `IndexError`. */
export async function findKey(
  database: IndexDatabase,
  keyId: string,
): Promise<TeamKeyRecord | undefined> {
  return await run(database.select().from(teamKeys).where(eq(teamKeys.id, keyId)).get());
}

/** False when the team has no such key; a key that was revoked stays so from the first time. Throws `IndexError`. */
export async function revokeKey(
  database: IndexDatabase,
  { teamId, keyId }: { readonly teamId: string; readonly keyId: string },
  now: number,
): Promise<boolean> {
  const row = await run(
    database
      .update(teamKeys)
      .set({ revokedAt: sql`coalesce(${teamKeys.revokedAt}, ${now})` })
      .where(and(eq(teamKeys.id, keyId), eq(teamKeys.teamId, teamId)))
      .returning({ id: teamKeys.id })
      .get(),
  );
  return row !== undefined;
}
