// Keys of teams' backends. Of the secret only its digest gets here.
import { and, desc, eq, isNull } from "drizzle-orm";
import { isoTime } from "../domain/view.ts";
import type { KeyScope, TeamKeySummary } from "../protocol/team.ts";
import { ADMIN, auditOfChange } from "./audit.ts";
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
export async function createTeamKey(
  database: IndexDatabase,
  key: NewTeamKey,
  now: number,
): Promise<void> {
  const details = { keyId: key.id, scopes: key.scopes };
  await run(
    database.batch([
      database.insert(teamKeys).values({ ...key, createdAt: now }),
      auditOfChange(database, key.teamId, { type: "key.created", actor: ADMIN, details }, now),
    ]),
  );
}

/** The key, revoked or not. Throws `IndexError`. */
export async function findTeamKey(
  database: IndexDatabase,
  keyId: string,
): Promise<TeamKeyRecord | undefined> {
  return await run(database.select().from(teamKeys).where(eq(teamKeys.id, keyId)).get());
}

/** False when the team has no such key; a key that was revoked stays so from the first time. Throws `IndexError`. */
export async function revokeTeamKey(
  database: IndexDatabase,
  { teamId, keyId }: { readonly teamId: string; readonly keyId: string },
  now: number,
): Promise<boolean> {
  const isTheKey = and(eq(teamKeys.id, keyId), eq(teamKeys.teamId, teamId));
  const [, , known] = await run(
    database.batch([
      database
        .update(teamKeys)
        .set({ revokedAt: now })
        .where(and(isTheKey, isNull(teamKeys.revokedAt))),
      auditOfChange(
        database,
        teamId,
        { type: "key.revoked", actor: ADMIN, details: { keyId } },
        now,
      ),
      database.select({ id: teamKeys.id }).from(teamKeys).where(isTheKey),
    ]),
  );
  return known.length > 0;
}

/** A team's keys, revoked ones among them, newest first. Throws `IndexError`. */
export async function listTeamKeys(
  database: IndexDatabase,
  teamId: string,
): Promise<readonly TeamKeySummary[]> {
  const rows = await run(
    database
      .select()
      .from(teamKeys)
      .where(eq(teamKeys.teamId, teamId))
      .orderBy(desc(teamKeys.createdAt), desc(teamKeys.id)),
  );
  return rows.map(({ id, scopes, createdAt, revokedAt }) => ({
    keyId: id,
    scopes,
    createdAt: isoTime(createdAt),
    ...(revokedAt !== null && { revokedAt: isoTime(revokedAt) }),
  }));
}
