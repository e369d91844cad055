// Keys under which teams sign who their visitors are.
import { and, desc, eq, isNull, sql } from "drizzle-orm";
import { isoTime } from "../domain/view.ts";
import { MAX_IDENTITY_KEYS_PER_TEAM } from "../protocol/limits.ts";
import type { EcPublicJwk, IdentityKey } from "../protocol/team.ts";
import { ADMIN, auditOfChange } from "./audit.ts";
import type { IndexDatabase } from "./databases.ts";
import { run } from "./run.ts";
import { identityKeys } from "./schema.ts";

/** Where the key to verify with comes from: a shared secret is derived under the signing key of this version. */
export type IdentityKeySource =
  | { readonly algorithm: "HS256"; readonly keyVersion: number }
  | { readonly algorithm: "ES256"; readonly publicKey: EcPublicJwk };

export type IdentityKeyRecord = IdentityKeySource & {
  readonly teamId: string;
  readonly kid: string;
  /** Epoch milliseconds; it verifies nothing from then on. */
  readonly revokedAt: number | null;
};

/** False when the team has as many keys as it may. Throws `IndexError`. */
export async function createIdentityKey(
  database: IndexDatabase,
  { teamId, kid, ...source }: Omit<IdentityKeyRecord, "revokedAt"> & IdentityKeySource,
  now: number,
): Promise<boolean> {
  const { algorithm } = source;
  const publicKey = source.algorithm === "ES256" ? JSON.stringify(source.publicKey) : null;
  const keyVersion = source.algorithm === "HS256" ? source.keyVersion : null;
  const good = sql`SELECT count(*) FROM ${identityKeys} WHERE team_id = ${teamId} AND revoked_at IS NULL`;
  const details = { kid, algorithm };
  const [created] = await run(
    database.batch([
      database
        .insert(identityKeys)
        .select(
          sql`SELECT ${teamId}, ${kid}, ${algorithm}, ${publicKey}, ${keyVersion}, ${now}, NULL
            WHERE (${good}) < ${MAX_IDENTITY_KEYS_PER_TEAM}`,
        )
        .returning({ kid: identityKeys.kid }),
      auditOfChange(database, teamId, { type: "identity_key.created", actor: ADMIN, details }, now),
    ]),
  );
  return created.length > 0;
}

/** The key, revoked or not. Throws `IndexError`. */
export async function findIdentityKey(
  database: IndexDatabase,
  teamId: string,
  kid: string,
): Promise<IdentityKeyRecord | undefined> {
  const row = await run(
    database
      .select()
      .from(identityKeys)
      .where(and(eq(identityKeys.teamId, teamId), eq(identityKeys.kid, kid)))
      .get(),
  );
  if (row === undefined) return undefined;
  const { algorithm, publicKey, keyVersion, revokedAt } = row;
  if (algorithm === "HS256" && keyVersion !== null) {
    return { teamId, kid, revokedAt, algorithm, keyVersion };
  }
  if (algorithm === "ES256" && publicKey !== null) {
    return { teamId, kid, revokedAt, algorithm, publicKey };
  }
  throw new Error("an identity key without a key");
}

/** A team's keys, revoked ones among them, newest first. Throws `IndexError`. */
export async function listIdentityKeys(
  database: IndexDatabase,
  teamId: string,
): Promise<readonly IdentityKey[]> {
  const rows = await run(
    database
      .select()
      .from(identityKeys)
      .where(eq(identityKeys.teamId, teamId))
      .orderBy(desc(identityKeys.createdAt), desc(identityKeys.kid)),
  );
  return rows.map(({ kid, algorithm, createdAt, revokedAt }) => ({
    kid,
    algorithm,
    createdAt: isoTime(createdAt),
    ...(revokedAt !== null && { revokedAt: isoTime(revokedAt) }),
  }));
}

/** False when the team has no such key; one that was revoked stays so from the first time. Throws `IndexError`. */
export async function revokeIdentityKey(
  database: IndexDatabase,
  { teamId, kid }: { readonly teamId: string; readonly kid: string },
  now: number,
): Promise<boolean> {
  const isTheKey = and(eq(identityKeys.teamId, teamId), eq(identityKeys.kid, kid));
  const [, , known] = await run(
    database.batch([
      database
        .update(identityKeys)
        .set({ revokedAt: now })
        .where(and(isTheKey, isNull(identityKeys.revokedAt))),
      auditOfChange(
        database,
        teamId,
        { type: "identity_key.revoked", actor: ADMIN, details: { kid } },
        now,
      ),
      database.select({ kid: identityKeys.kid }).from(identityKeys).where(isTheKey),
    ]),
  );
  return known.length > 0;
}
