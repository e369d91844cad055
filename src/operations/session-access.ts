// From an id and a caller to the session's object: everything that can be refused without waking it is refused here.
import {
  type Actor,
  type Call,
  type NewCredential,
  type TeamWord,
  unknownSession,
} from "../../objects/calls.ts";
import type { SessionObject } from "../../objects/session.ts";
import type { Caller, CredentialCaller, OperatorCaller, TeamCaller } from "../caller.ts";
import { readSessionId, type SessionAddress } from "../credentials/session-id.ts";
import type { MintedToken } from "../credentials/token.ts";
import { mayRole, mayScope, type SessionOperation } from "../domain/access.ts";
import type { TeamSettings } from "../domain/policy.ts";
import type { Failure } from "../protocol/errors.ts";
import type { Services } from "../services.ts";
import { IndexError } from "../session-index/errors.ts";
import { type KnownTeam, teamByNumber } from "../team-cache.ts";
import type { Visitor } from "./visitor.ts";

/** Every method is async and passes plain values, so over the stub it has the signature that it has in the object. */
export type SessionStub = Omit<SessionObject, "alarm" | `webSocket${string}`>;

export interface OpenSession {
  readonly ok: true;
  readonly stub: SessionStub;
  readonly call: Call;
  /** Undefined while the index cannot tell. */
  readonly team: TeamSettings | undefined;
}

/** The object of session `id`, to do `operation` as `caller`. */
export async function openSession(
  services: Services,
  caller: Caller,
  id: string,
  operation: SessionOperation,
): Promise<OpenSession | Failure> {
  if (caller.kind === "anonymous" || caller.kind === "admin") {
    return { ok: false, code: "unauthenticated" };
  }
  if (!mayAtAll(caller, operation)) return { ok: false, code: "forbidden" };
  const address = await addressFor(services, caller, id);
  if (address === undefined) return unknownSession(caller);
  const team = await knownTeam(services.env, address.teamNumber);
  if (team?.policy.disabled) return { ok: false, code: "team_disabled" };
  const call = { actor: actorOf(caller), ...teamWord(team) };
  return { ok: true, stub: sessionStub(services.env, id), call, team };
}

type SessionCaller = CredentialCaller | TeamCaller | OperatorCaller;

/** Whether the caller's kind and scopes permit it; what a credential's role permits, its object says. */
function mayAtAll(caller: SessionCaller, operation: SessionOperation): boolean {
  if (caller.kind === "team") return mayScope(operation, caller.scopes);
  return caller.kind === "credential" || mayRole(operation, "operator");
}

/** The id's address if it can be this caller's at all. */
async function addressFor(
  { keys }: Services,
  caller: SessionCaller,
  id: string,
): Promise<{ readonly teamNumber: number } | undefined> {
  if (caller.kind === "credential") {
    // The token's tag covers the id in it, so that the id's own needs no look.
    return caller.credential.sessionId === id ? caller.credential : undefined;
  }
  const address = await readSessionId(keys, id);
  return address?.teamNumber === caller.teamNumber ? address : undefined;
}

function actorOf(caller: SessionCaller): Actor {
  if (caller.kind === "team") {
    const { teamId, keyId } = caller;
    return { kind: "team", teamId, keyId };
  }
  if (caller.kind === "operator") {
    const { teamId, operatorId, author } = caller;
    return { kind: "operator", teamId, operatorId, author };
  }
  const { credentialId, secretDigest } = caller.credential;
  return { kind: "credential", credentialId, secretDigest };
}

/** A minted key as its object takes it in. */
export function newCredential(
  { credentialId, secretDigest }: MintedToken,
  { deviceInfo, locationInfo }: Pick<Visitor, "deviceInfo" | "locationInfo">,
): NewCredential {
  return { id: credentialId, secretDigest, deviceInfo, locationInfo };
}

/** The team of a session; while the index is down, as the session last knew it. */
export async function teamOfSession(
  { env }: Services,
  { id, teamNumber }: SessionAddress,
): Promise<TeamSettings | undefined> {
  return (await knownTeam(env, teamNumber)) ?? (await sessionStub(env, id).lastKnownTeam());
}

export function sessionStub(env: Env, id: string): SessionStub {
  return env.SESSIONS.getByName(id) as unknown as SessionStub;
}

/** The team, or undefined while the index cannot tell: its sessions then go on under the policy that they last had. */
export async function knownTeam(env: Env, teamNumber: number): Promise<KnownTeam | undefined> {
  try {
    return await teamByNumber(env, teamNumber);
  } catch (error) {
    if (error instanceof IndexError) return undefined;
    throw error;
  }
}

/** What an object hears of its team with a call. */
export function teamWord(team: KnownTeam | undefined): TeamWord {
  return { teamRevision: team?.revision, teamConfirmedAt: team?.confirmedAt };
}
