// The life of a session as operations: create, validate, refresh, read, end.
import type { Caller } from "../caller.ts";
import { fingerprintHashes } from "../credentials/fingerprint.ts";
import { idempotentBytes, newSessionId } from "../credentials/session-id.ts";
import { mintOperatorTicket, mintTicket } from "../credentials/ticket.ts";
import { mintToken, successorTokens } from "../credentials/token.ts";
import { networkOfAddress } from "../network.ts";
import type { AuditActor } from "../protocol/audit.ts";
import type { Failure, Result } from "../protocol/errors.ts";
import type {
  CreateSessionRequest,
  RefreshSessionRequest,
  RefreshSessionResponse,
  SessionWithToken,
  ValidateSessionResponse,
} from "../protocol/rest.ts";
import type { Session } from "../protocol/session.ts";
import type { Services } from "../services.ts";
import { teamById } from "../team-cache.ts";
import { teamActor } from "./audit.ts";
import { checkBot } from "./bot-check.ts";
import { limitCreation } from "./rate-limits.ts";
import { newCredential, openSession, sessionStub } from "./session-access.ts";
import { mayAsk } from "./team-access.ts";
import { deviceOf, UNKNOWN_VISITOR, type Visitor } from "./visitor.ts";

/** How a creation is asked for, beside its body. */
export interface CreationContext {
  readonly idempotencyKey: string | undefined;
  readonly visitor: Visitor;
  /** Of the page that asks; undefined where none does. */
  readonly origin: string | undefined;
}

export async function createSession(
  services: Services,
  caller: Caller,
  input: CreateSessionRequest,
  { idempotencyKey, visitor, origin }: CreationContext,
): Promise<Result<SessionWithToken & { readonly isNew: boolean }>> {
  const refusal = creationRefusal(caller, input);
  if (refusal) return refusal;
  const team = await teamById(services.env, input.teamId);
  if (team === undefined) return { ok: false, code: "team_not_found" };
  if (team.policy.disabled) return { ok: false, code: "team_disabled" };
  const { userFingerprint, clientIp, turnstileToken } = input;
  // Whoever calls for a team is its backend, not the visitor.
  const seen = caller.kind === "team" ? toldOf(clientIp) : visitor;
  const botCheck = { teamId: team.id, turnstileToken, idempotencyKey, origin };
  const turnedAway =
    (await limitCreation(services, caller, team, seen.network)) ??
    (await checkBot(services, caller, botCheck));
  if (turnedAway) return turnedAway;
  const { env, keys } = services;
  const random =
    idempotencyKey === undefined
      ? undefined
      : await idempotentBytes(
          keys,
          caller.kind === "team" ? "team" : "visitor",
          team.id,
          idempotencyKey,
        );
  const id = await newSessionId(keys, team.number, random);
  const [credential, [fingerprint = null] = []] = await Promise.all([
    mintToken(keys, id),
    userFingerprint === undefined ? undefined : fingerprintHashes(keys, team.id, userFingerprint),
  ]);
  const created = await sessionStub(env, id).create({
    id,
    team,
    actor: creatorOf(caller, credential.credentialId),
    credential: newCredential(credential, {
      deviceInfo: deviceOf(input.deviceInfo, seen.deviceInfo),
      locationInfo: input.locationInfo ?? seen.locationInfo,
    }),
    userFingerprint: fingerprint,
  });
  if (!created.ok) return created;
  const { session, isNew } = created;
  const ticket = await mintTicket(keys, credential, Date.now());
  return { ok: true, session, token: credential.token, ticket, isNew };
}

/** Whoever asks without a team key becomes the holder of the new credential. */
function creatorOf(caller: Caller, credentialId: string): AuditActor {
  return caller.kind === "team" ? teamActor(caller) : { kind: "credential", id: credentialId };
}

function toldOf(clientIp: string | undefined): Visitor {
  return { ...UNKNOWN_VISITOR, network: clientIp && networkOfAddress(clientIp) };
}

function creationRefusal(caller: Caller, input: CreateSessionRequest): Failure | undefined {
  if (caller.kind === "team" || caller.kind === "operator") {
    const asked = mayAsk(caller, input.teamId, "createSession");
    return asked.ok ? undefined : asked;
  }
  const isForTeams = input.locationInfo !== undefined || input.clientIp !== undefined;
  return isForTeams ? { ok: false, code: "forbidden" } : undefined;
}

export async function validateSession(
  services: Services,
  caller: Caller,
  id: string,
): Promise<Result<ValidateSessionResponse>> {
  const opened = await openSession(services, caller, id, "validate");
  if (!opened.ok) return opened;
  const validated = await opened.stub.validate(opened.call);
  if (!validated.ok) return validated;
  const { session } = validated;
  const { status } = session;
  if (status !== "active") return { ok: true, isValid: false, session, reason: status };
  return { ok: true, isValid: true, session, ...(await freshTicket(services, caller, id)) };
}

/** Slides the expiry; a credential's secret gives way to its successor when it is a day old, or with `rotate`. */
export async function refreshSession(
  services: Services,
  caller: Caller,
  id: string,
  { rotate }: RefreshSessionRequest,
): Promise<Result<RefreshSessionResponse>> {
  const opened = await openSession(services, caller, id, "refresh");
  if (!opened.ok) return opened;
  const isCredential = caller.kind === "credential";
  const successors = isCredential ? await successorTokens(services.keys, caller.credential) : [];
  const refreshed = await opened.stub.refresh({
    ...opened.call,
    rotate: rotate === true,
    oneAtATime: isCredential && caller.transport === "cookie",
    successors: successors.map(({ secretDigest }) => secretDigest),
  });
  if (!refreshed.ok) return refreshed;
  const { session, successor } = refreshed;
  const token = successor === undefined ? undefined : successors[successor]?.token;
  return {
    ok: true,
    session,
    ...(token !== undefined && { token }),
    ...(await freshTicket(services, caller, id)),
  };
}

export async function getSession(
  services: Services,
  caller: Caller,
  id: string,
): Promise<Result<{ readonly session: Session }>> {
  const opened = await openSession(services, caller, id, "get");
  return opened.ok ? await opened.stub.get(opened.call) : opened;
}

/** Ends the session; ending it again changes nothing. */
export async function terminateSession(
  services: Services,
  caller: Caller,
  id: string,
): Promise<Result<object>> {
  const opened = await openSession(services, caller, id, "terminate");
  return opened.ok ? await opened.stub.terminate(opened.call) : opened;
}

/** For those who may open a socket: a team's key opens none. */
async function freshTicket(
  { keys }: Services,
  caller: Caller,
  sessionId: string,
): Promise<{ readonly ticket?: string }> {
  const now = Date.now();
  if (caller.kind === "credential")
    return { ticket: await mintTicket(keys, caller.credential, now) };
  if (caller.kind !== "operator") return {};
  const { tokenId } = caller;
  return { ticket: await mintOperatorTicket(keys, { sessionId, tokenId }, now) };
}
