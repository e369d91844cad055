// What members of teams' staffs sign in with. Of the secret only its digest gets here.
import { and, eq, gt, isNull, sql } from "drizzle-orm";
import type { AuditActor } from "../protocol/audit.ts";
import { auditOfChange } from "./audit.ts";
import type { IndexDatabase } from "./databases.ts";
import { run } from "./run.ts";
import { operatorTokens } from "./schema.ts";

export interface NewOperatorToken {
  readonly id: string;
  /** There must be such a team. */
  readonly teamId: string;
  readonly operatorId: string;
  readonly name: string;
  readonly avatarUrl: string | null;
  readonly secretHash: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export interface OperatorTokenRecord extends NewOperatorToken {
  readonly createdAt: number;
  /** It opens nothing from then on. */
  readonly revokedAt: number | null;
}

/** Throws `IndexError`. */
export async function createOperatorToken(
  database: IndexDatabase,
  token: NewOperatorToken,
  actor: AuditActor,
  now: number,
): Promise<void> {
  const { id: tokenId, teamId, operatorId } = token;
  const details = { operatorId, tokenId };
  await run(
    database.batch([
      database.insert(operatorTokens).values({ ...token, createdAt: now }),
      auditOfChange(database, teamId, { type: "operator_token.created", actor, details }, now),
    ]),
  );
}

/** The token, revoked or expired or not. Throws `IndexError`. */
export async function findOperatorToken(
  database: IndexDatabase,
  id: string,
): Promise<OperatorTokenRecord | undefined> {
  return await run(database.select().from(operatorTokens).where(eq(operatorTokens.id, id)).get());
}

/** Revokes what a person can still sign in with; returns the ids of those tokens. Throws `IndexError`. */
export async function revokeOperatorTokens(
  database: IndexDatabase,
  { teamId, operatorId }: { readonly teamId: string; readonly operatorId: string },
  actor: AuditActor,
  now: number,
): Promise<readonly string[]> {
  const [revoked] = await run(
    database.batch([
      database
        .update(operatorTokens)
        .set({ revokedAt: now })
        .where(
          and(
            eq(operatorTokens.teamId, teamId),
            eq(operatorTokens.operatorId, operatorId),
            isNull(operatorTokens.revokedAt),
            gt(operatorTokens.expiresAt, now),
          ),
        )
        .returning({ id: operatorTokens.id }),
      auditOfChange(
        database,
        teamId,
        { type: "operator_token.revoked", actor, details: { operatorId } },
        now,
      ),
    ]),
  );
  return revoked.map(({ id }) => id);
}

/** Deletes tokens that have expired, `limit` at most; returns how many. Throws `IndexError`. */
export async function deleteExpiredOperatorTokens(
  database: IndexDatabase,
  { now, limit }: { readonly now: number; readonly limit: number },
): Promise<number> {
  const { meta } = await run(
    database.run(
      sql`DELETE FROM operator_tokens WHERE id IN (
        SELECT id FROM operator_tokens WHERE expires_at <= ${now} ORDER BY expires_at LIMIT ${limit})`,
    ),
  );
  return meta.changes;
}
