// Who somebody is, as the team's backend says in a JWT (RFC 7519) signed for this one use. The token alone tells: nothing
// that a visitor says of itself is believed.
import { errors, importJWK, type JWTPayload, type JWTVerifyOptions, jwtVerify } from "jose";
import { CLOCK_SKEW_MS, MAX_IDENTITY_TOKEN_MS } from "./protocol/limits.ts";
import type { Services } from "./services.ts";
import { identityKey } from "./team-cache.ts";

/** A longer `sub` or `jti` is nobody's name. */
const MAX_NAME_LENGTH = 256;

export interface Identity {
  readonly userId: string;
  readonly jti: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/**
 * What a token proves for `teamId`: undefined unless one of the team's keys signed it, with that key's algorithm, for
 * this team alone, for at most five minutes from `now`. Throws `IndexError`.
 */
export async function readIdentityToken(
  { env }: Services,
  teamId: string,
  token: string,
  now: number,
): Promise<Identity | undefined> {
  const options: JWTVerifyOptions = {
    algorithms: ["HS256", "ES256"],
    audience: teamId,
    clockTolerance: CLOCK_SKEW_MS / 1000,
    currentDate: new Date(now),
    requiredClaims: ["sub", "jti", "exp"],
  };
  try {
    const { payload } = await jwtVerify(
      token,
      async ({ alg, kid }) => {
        const key = isName(kid) ? await identityKey(env, teamId, kid) : undefined;
        // The key says how it signs: a public key must never pass for a shared secret.
        if (key === undefined || key.revokedAt !== null || key.algorithm !== alg) {
          throw new errors.JOSEError("no such key");
        }
        return key.algorithm === "HS256" ? key.secret : await importJWK(key.publicKey, "ES256");
      },
      options,
    );
    return identityOf(payload, teamId, now);
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

function identityOf({ sub, jti, exp, aud }: JWTPayload, teamId: string, now: number) {
  const expiresAt = (exp ?? Number.NaN) * 1000;
  const isShort = expiresAt <= now + MAX_IDENTITY_TOKEN_MS + CLOCK_SKEW_MS;
  // A list of audiences is a token for others too.
  if (!isName(sub) || !isName(jti) || !isShort || aud !== teamId) return undefined;
  return { userId: sub, jti, expiresAt };
}

/** Lone surrogates are stored as one and the same character: two people would become one. */
function isName(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value.length > 0 &&
    value.length <= MAX_NAME_LENGTH &&
    value.isWellFormed()
  );
}
