// Members of teams' staffs: a team's backend, which knows who they are, signs them in and out.
import type { Caller, OperatorCaller } from "../caller.ts";
import { mintOperatorToken } from "../credentials/operator-token.ts";
import { isoTime } from "../domain/view.ts";
import type { Result } from "../protocol/errors.ts";
import { MAX_OPERATOR_TOKEN_SECONDS } from "../protocol/limits.ts";
import type { CreateOperatorTokenRequest, OperatorToken } from "../protocol/team.ts";
import type { Services } from "../services.ts";
import { teamsDatabase } from "../session-index/databases.ts";
import * as index from "../session-index/operator-tokens.ts";
import { forgetOperatorToken } from "../team-cache.ts";
import { teamActor } from "./audit.ts";
import { mayAsk } from "./team-access.ts";

/** Whether a token still opens anything. */
export function isSignedIn(
  { revokedAt, expiresAt }: Pick<index.OperatorTokenRecord, "revokedAt" | "expiresAt">,
  now: number,
): boolean {
  return revokedAt === null && now < expiresAt;
}

/** Who comes with a token, in its own team's name. */
export function operatorCaller(
  record: index.OperatorTokenRecord,
  teamNumber: number,
): OperatorCaller {
  const { id: tokenId, teamId, operatorId, name, avatarUrl } = record;
  const author = { id: operatorId, name, ...(avatarUrl !== null && { avatarUrl }) };
  return { kind: "operator", teamId, teamNumber, operatorId, tokenId, author };
}

/** A new token; it is in this answer and nowhere else. `dashboard` is where the Worker's own pages are. */
export async function createOperatorToken(
  { env, keys }: Services,
  caller: Caller,
  teamId: string,
  input: CreateOperatorTokenRequest,
  dashboard: string,
): Promise<Result<OperatorToken>> {
  const team = mayAsk(caller, teamId, "createOperatorToken");
  if (!team.ok) return team;
  const { operatorId, name, avatarUrl = null } = input;
  const now = Date.now();
  const expiresAt = now + (input.expiresInSeconds ?? MAX_OPERATOR_TOKEN_SECONDS) * 1000;
  const { tokenId, token, secretHash } = await mintOperatorToken(keys);
  await index.createOperatorToken(
    teamsDatabase(env),
    { id: tokenId, teamId, operatorId, name, avatarUrl, secretHash, expiresAt },
    teamActor(caller),
    now,
  );
  return {
    ok: true,
    operatorToken: token,
    // In the fragment, which no server and no log sees.
    dashboardUrl: `${dashboard}/dashboard#${new URLSearchParams({ op: token, team: teamId })}`,
    expiresAt: isoTime(expiresAt),
  };
}

/** Signs a person out everywhere. */
export async function revokeOperator(
  { env }: Services,
  caller: Caller,
  teamId: string,
  operatorId: string,
): Promise<Result<object>> {
  const team = mayAsk(caller, teamId, "revokeOperator");
  if (!team.ok) return team;
  const revoked = await index.revokeOperatorTokens(
    teamsDatabase(env),
    { teamId, operatorId },
    teamActor(caller),
    Date.now(),
  );
  for (const tokenId of revoked) forgetOperatorToken(tokenId);
  return revoked.length > 0 ? { ok: true } : { ok: false, code: "operator_not_found" };
}
