// People: binding a session to one, and opening a person's session on another device.
import type { Caller } from "../caller.ts";
import { readSessionId } from "../credentials/session-id.ts";
import { mintTicket } from "../credentials/ticket.ts";
import { mintToken } from "../credentials/token.ts";
import type { TeamSettings } from "../domain/policy.ts";
import { type Identity, readIdentityToken } from "../identity-token.ts";
import type { Failure, Result } from "../protocol/errors.ts";
import type { IdentifyRequest, ResumeSessionRequest, SessionWithToken } from "../protocol/rest.ts";
import type { Session } from "../protocol/session.ts";
import type { Services } from "../services.ts";
import { sessionsDatabase, teamsDatabase } from "../session-index/databases.ts";
import { claimIdentityToken } from "../session-index/identity-tokens.ts";
import { listSessions } from "../session-index/read.ts";
import { teamById } from "../team-cache.ts";
import { limitOwner, limitResume } from "./rate-limits.ts";
import { newCredential, openSession, sessionStub, teamWord } from "./session-access.ts";
import { deviceOf, type Visitor } from "./visitor.ts";

const INVALID_TOKEN: Failure = { ok: false, code: "invalid_identity_token" };
const NOT_FOUND: Failure = { ok: false, code: "session_not_found" };

/** The index may nominate sessions that have ended since; so many are asked. */
const MAX_CANDIDATES = 5;

/**
 * Binds the session to the person whom the token names. The caller gets a new credential, and all others, its own old one
 * too, open nothing any more; when the session was this person's already, everything stays as it is.
 */
export async function identifySession(
  services: Services,
  caller: Caller,
  id: string,
  { identityToken }: IdentifyRequest,
  visitor: Visitor,
): Promise<
  Result<{ readonly session: Session; readonly token?: string; readonly ticket: string }>
> {
  const opened = await openSession(services, caller, id, "identify");
  if (!opened.ok) return opened;
  if (caller.kind !== "credential") return { ok: false, code: "forbidden" };
  // Whether the caller may at all, before its token is used up.
  const owner = await opened.stub.readIdentity(opened.call);
  if (!owner.ok) return owner;
  const limited = await limitOwner(services, caller, "identify");
  if (limited) return limited;
  const identity = await presentIdentity(services, owner.teamId, identityToken);
  if (identity === undefined) return INVALID_TOKEN;
  const minted = await mintToken(services.keys, id);
  const identified = await opened.stub.identify({
    ...opened.call,
    userId: identity.userId,
    credential: newCredential(minted, visitor),
  });
  if (!identified.ok) return identified;
  const { session, isNew } = identified;
  const ticket = await mintTicket(services.keys, isNew ? minted : caller.credential, Date.now());
  return { ok: true, session, ticket, ...(isNew && { token: minted.token }) };
}

/** Opens the latest session of the person whom the token names, or the one that is asked for, with a key of its own. */
export async function resumeSession(
  services: Services,
  { teamId, identityToken, sessionId, deviceInfo }: ResumeSessionRequest,
  visitor: Visitor,
): Promise<Result<SessionWithToken>> {
  const { env, keys } = services;
  const limited = await limitResume(services, visitor.network);
  if (limited) return limited;
  const team = await teamById(env, teamId);
  if (team === undefined) return { ok: false, code: "team_not_found" };
  if (team.policy.disabled) return { ok: false, code: "team_disabled" };
  const identity = await readIdentityToken(services, teamId, identityToken, Date.now());
  if (identity === undefined) return INVALID_TOKEN;
  const { userId } = identity;
  const candidates =
    sessionId === undefined
      ? await latestOf(services, team, userId)
      : await named(services, team.number, sessionId);
  // Who has no session yet can still make one, and identify with the same token.
  if (candidates.length === 0) return NOT_FOUND;
  if (!(await useUp(services, teamId, identity))) return INVALID_TOKEN;
  for (const id of candidates) {
    const minted = await mintToken(keys, id);
    const credential = newCredential(minted, {
      ...visitor,
      deviceInfo: deviceOf(deviceInfo, visitor.deviceInfo),
    });
    const call = { ...teamWord(team), userId, credential };
    const resumed = await sessionStub(env, id).resume(call);
    if (resumed.ok) {
      const ticket = await mintTicket(keys, minted, Date.now());
      return { ok: true, session: resumed.session, token: minted.token, ticket };
    }
    if (resumed.code !== "session_not_found") return resumed;
  }
  return NOT_FOUND;
}

/** Reads a token and uses it up. */
async function presentIdentity(
  services: Services,
  teamId: string,
  token: string,
): Promise<Identity | undefined> {
  const now = Date.now();
  const identity = await readIdentityToken(services, teamId, token, now);
  return identity && (await useUp(services, teamId, identity)) ? identity : undefined;
}

/** False when the token was used before, for whatever. */
function useUp({ env }: Services, teamId: string, { jti, expiresAt }: Identity): Promise<boolean> {
  return claimIdentityToken(teamsDatabase(env), { teamId, jti, expiresAt }, Date.now());
}

async function latestOf(
  { env }: Services,
  { id: teamId, number }: TeamSettings,
  userId: string,
): Promise<readonly string[]> {
  const found = await listSessions(sessionsDatabase(env, number), {
    teamId,
    status: "active",
    country: undefined,
    device: undefined,
    userId,
    cursor: undefined,
    limit: MAX_CANDIDATES,
  });
  return found.ok ? found.sessions.map(({ id }) => id) : [];
}

async function named(
  { keys }: Services,
  teamNumber: number,
  sessionId: string,
): Promise<readonly string[]> {
  const address = await readSessionId(keys, sessionId);
  return address?.teamNumber === teamNumber ? [sessionId] : [];
}
