// From a request to its caller. Refused here: what this deployment did not issue, team keys that a browser sends, and
// operators' tokens from pages that are neither the Worker's nor for the team's staff.
import type { Caller } from "./caller.ts";
import { readOperatorToken } from "./credentials/operator-token.ts";
import { isSameSecret } from "./credentials/secret.ts";
import { readTeamKey } from "./credentials/team-key.ts";
import { readToken } from "./credentials/token.ts";
import { isOriginAllowed } from "./domain/policy.ts";
import { noteKeyUsed } from "./operations/key-use.ts";
import { isSignedIn, operatorCaller } from "./operations/operators.ts";
import type { Failure, Result } from "./protocol/errors.ts";
import { cookieToken, type Subject } from "./routes/cookies.ts";
import type { Services } from "./services.ts";
import { operatorToken, teamById, teamKey } from "./team-cache.ts";

type Authenticated = Result<{ readonly caller: Caller }>;

const ANONYMOUS: Authenticated = { ok: true, caller: { kind: "anonymous" } };
const UNAUTHENTICATED: Failure = { ok: false, code: "unauthenticated" };
const INVALID: Failure = { ok: false, code: "invalid_credential" };
const WRONG_PAGE: Failure = { ok: false, code: "origin_not_allowed" };

/** Who sent `request`: a visitor with a token, a team with a key, one of its staff, or nobody known. Throws `IndexError`. */
export async function authenticate(
  services: Services,
  request: Request,
  about: Subject,
): Promise<Authenticated> {
  const header = request.headers.get("Authorization");
  if (header === null) return await authenticateCookie(services, request, about);
  const bearer = bearerToken(header);
  if (bearer === undefined) return UNAUTHENTICATED;
  if (bearer.startsWith("sk_")) return await authenticateTeam(services, request, bearer);
  if (bearer.startsWith("op_")) return await authenticateOperator(services, request, bearer);
  const credential = await readToken(services.keys, bearer);
  return credential
    ? { ok: true, caller: { kind: "credential", credential, transport: "bearer" } }
    : INVALID;
}

const SAFE_METHODS: readonly string[] = ["GET", "HEAD"];

/**
 * A browser sends cookies whoever's page it shows, so a request with one must say where it comes from: anything that may
 * change something by its `Origin`, which is checked before, and a plain read at least not be known to be cross-site.
 */
async function authenticateCookie(
  services: Services,
  request: Request,
  about: Subject,
): Promise<Authenticated> {
  const token = cookieToken(request, about);
  if (token === undefined) return ANONYMOUS;
  if (!request.headers.has("Origin")) {
    const site = request.headers.get("Sec-Fetch-Site") ?? "same-origin";
    const isOwnRead = SAFE_METHODS.includes(request.method) && site === "same-origin";
    if (!isOwnRead) return WRONG_PAGE;
  }
  const credential = await readToken(services.keys, token);
  return credential
    ? { ok: true, caller: { kind: "credential", credential, transport: "cookie" } }
    : INVALID;
}

async function authenticateTeam(
  { env, keys }: Services,
  request: Request,
  key: string,
): Promise<Authenticated> {
  if (request.headers.has("Origin")) return WRONG_PAGE;
  const presented = await readTeamKey(keys, key);
  if (presented === undefined) return INVALID;
  const record = await teamKey(env, presented.keyId);
  if (record === undefined || record.revokedAt !== null) return INVALID;
  if (!(await isSameSecret(presented.secretHash, record.secretHash))) return INVALID;
  const team = await teamById(env, record.teamId);
  if (team === undefined) return INVALID;
  noteKeyUsed(env, record, Date.now());
  const { id: keyId, teamId, scopes } = record;
  return { ok: true, caller: { kind: "team", teamId, teamNumber: team.number, scopes, keyId } };
}

async function authenticateOperator(
  { env, keys }: Services,
  request: Request,
  token: string,
): Promise<Authenticated> {
  const presented = await readOperatorToken(keys, token);
  if (presented === undefined) return INVALID;
  const record = await operatorToken(env, presented.tokenId);
  if (record === undefined || !isSignedIn(record, Date.now())) return INVALID;
  if (!(await isSameSecret(presented.secretHash, record.secretHash))) return INVALID;
  const team = await teamById(env, record.teamId);
  if (team === undefined) return INVALID;
  const origin = request.headers.get("Origin");
  if (
    origin !== null &&
    origin !== new URL(request.url).origin &&
    !isOriginAllowed(origin, team.policy.operatorOrigins)
  ) {
    return WRONG_PAGE;
  }
  return { ok: true, caller: operatorCaller(record, team.number) };
}

/** The administrator, who has the Worker's own secret; without one there is no such door. */
export async function authenticateAdmin(env: Env, request: Request): Promise<Authenticated> {
  if (!env.ADMIN_TOKEN) return { ok: false, code: "not_found" };
  if (request.headers.has("Origin")) return WRONG_PAGE;
  const header = request.headers.get("Authorization");
  if (header === null) return UNAUTHENTICATED;
  const bearer = bearerToken(header);
  if (bearer === undefined) return UNAUTHENTICATED;
  return (await isSameSecret(bearer, env.ADMIN_TOKEN))
    ? { ok: true, caller: { kind: "admin" } }
    : INVALID;
}

function bearerToken(header: string): string | undefined {
  return /^Bearer ([A-Za-z0-9._~+/-]{1,512}=*)$/i.exec(header)?.[1];
}
