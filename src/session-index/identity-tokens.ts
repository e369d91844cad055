// Identity tokens that were used: each is good once.
import { sql } from "drizzle-orm";
import { toBase64Url } from "../domain/base64url.ts";
import { CLOCK_SKEW_MS } from "../protocol/limits.ts";
import type { IndexDatabase } from "./databases.ts";
import { run } from "./run.ts";
import { usedIdentityTokens } from "./schema.ts";

/** How long after its expiry a used token is remembered: longer than anybody would take it. */
const KEEP_MS = 10 * CLOCK_SKEW_MS;

/**
 * Takes an identity token for its one use: true for the first who asks, of all that ask at once. What has expired so
 * long ago that its use may be forgotten is never taken. Throws `IndexError`.
 * @param expiresAt epoch milliseconds, the token's `exp`
 */
export async function claimIdentityToken(
  database: IndexDatabase,
  token: { readonly teamId: string; readonly jti: string; readonly expiresAt: number },
  now: number,
): Promise<boolean> {
  const { teamId, jti, expiresAt } = token;
  if (expiresAt + KEEP_MS <= now) return false;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(jti));
  const jtiHash = toBase64Url(new Uint8Array(digest));
  const row = await run(
    database
      .insert(usedIdentityTokens)
      .values({ teamId, jtiHash, expiresAt })
      .onConflictDoNothing()
      .returning({ jtiHash: usedIdentityTokens.jtiHash })
      .get(),
  );
  return row !== undefined;
}

/** Deletes used tokens that have expired, `limit` at most; returns how many. Throws `IndexError`. */
export async function deleteExpiredIdentityTokens(
  database: IndexDatabase,
  { now, limit }: { readonly now: number; readonly limit: number },
): Promise<number> {
  const { meta } = await run(
    database.run(
      sql`DELETE FROM used_identity_tokens WHERE (team_id, jti_hash) IN (
        SELECT team_id, jti_hash FROM used_identity_tokens
        WHERE expires_at <= ${now - KEEP_MS} ORDER BY expires_at LIMIT ${limit})`,
    ),
  );
  return meta.changes;
}
