/** Who gets in, by the tables of src/domain/access.ts alone: what every way into the product is held against. */
import {
  isSessionOperation,
  mayRole,
  mayScope,
  opensWhenEnded,
  type SessionOperation,
  TEAM_ACCESS,
  type TeamOperation,
  type TeamRule,
} from "../../src/domain/access.ts";
import type { ErrorCode } from "../../src/protocol/errors.ts";
import type { CredentialRole } from "../../src/protocol/session.ts";
import type { KeyScope } from "../../src/protocol/team.ts";
import type { Endpoint } from "../../src/routes/endpoint.ts";

/** Why a session has ended, as a refusal. */
export type Ended = "session_expired" | "session_terminated";

/** A caller, and how it stands to the session and the team that the request is about. */
export type Who = { readonly kind: "nobody" | "admin" } | CredentialHolder | TeamKey | Operator;

export interface CredentialHolder {
  readonly kind: "credential";
  readonly role: CredentialRole;
  /** Whose session it is a credential to: the one that the request is about, the team's, or a foreign team's. */
  readonly of: "this session" | "another session" | "a foreign team";
  readonly revoked: boolean;
  /** Whether its session is a known person's. */
  readonly identified: boolean;
  readonly ended: Ended | undefined;
}

export interface TeamKey {
  readonly kind: "team";
  readonly scopes: readonly KeyScope[];
  readonly ours: boolean;
  readonly ended: Ended | undefined;
}

/** A member of a team's staff. */
export interface Operator {
  readonly kind: "operator";
  readonly ours: boolean;
  readonly ended: Ended | undefined;
}

export type Outcome = "allowed" | ErrorCode;

export function expectedOutcome(
  { audience, access }: Pick<Endpoint, "audience" | "access">,
  who: Who,
): Outcome {
  if (access === "admin") {
    if (who.kind === "admin") return "allowed";
    return who.kind === "nobody" ? "unauthenticated" : "invalid_credential";
  }
  if (audience === "public") return "allowed";
  // Whose sessions are meant, the key says: a foreign team's means its own.
  if (audience === "caretaker") return forOwnTeam(access as TeamOperation, who);
  // The administrator's token opens the administrator's routes; elsewhere it is no credential at all.
  if (who.kind === "admin") return "invalid_credential";
  if (access === "anyone") return "allowed";
  if (isSessionOperation(access)) return inSession(access, who);
  // A visitor makes a session of its own, whatever it has of others.
  const isVisitor = who.kind === "nobody" || who.kind === "credential";
  return audience === "creation" && isVisitor ? "allowed" : forTeam(access, who);
}

export function inSession(operation: SessionOperation, who: Who): Outcome {
  switch (who.kind) {
    case "nobody":
      return "unauthenticated";
    case "admin":
      return "invalid_credential";
    case "credential":
      if (who.revoked || who.of !== "this session") return "invalid_credential";
      if (!mayRole(operation, who.role)) return "forbidden";
      if (!opensWhenEnded(operation, who.role) && who.ended) return who.ended;
      return isOthers(operation, who.role) ? "forbidden" : "allowed";
    case "team":
      if (!mayScope(operation, who.scopes)) return "forbidden";
      break;
    case "operator":
      if (!mayRole(operation, "operator")) return "forbidden";
  }
  if (!who.ours) return "session_not_found";
  return (!opensWhenEnded(operation, who.kind) && who.ended) || "allowed";
}

/** What requests act upon is the owner's; a guest deletes its own files alone. */
function isOthers(operation: SessionOperation, role: CredentialRole): boolean {
  return operation === "deleteFile" && role === "writer";
}

function forOwnTeam(operation: TeamOperation, who: Who): Outcome {
  if (who.kind === "admin") return "allowed";
  return forTeam(operation, "ours" in who ? { ...who, ours: true } : who);
}

export function forTeam(operation: TeamOperation, who: Who): Outcome {
  const rule: TeamRule = TEAM_ACCESS[operation];
  switch (who.kind) {
    case "nobody":
      return "unauthenticated";
    case "admin":
      return "invalid_credential";
    case "credential":
      return rule.owner ? forPerson(who) : "forbidden";
    case "team":
      if (!who.scopes.includes(rule.scope)) return "forbidden";
      break;
    case "operator":
      if (!rule.operator) return "forbidden";
  }
  return who.ours ? "allowed" : "team_not_found";
}

/** The owner of an identified session asks about that person's sessions, by what its own session says. */
function forPerson(who: CredentialHolder): Outcome {
  const asked = inSession("readIdentity", { ...who, of: "this session" });
  if (asked !== "allowed") return asked;
  if (who.of === "a foreign team") return "team_not_found";
  return who.identified ? "allowed" : "forbidden";
}

/** A cookie is for its own session and team, and comes with a page: to all else its holder is nobody. */
export function expectedByCookie(
  endpoint: Pick<Endpoint, "audience" | "access">,
  who: CredentialHolder,
): Outcome {
  const { audience, access } = endpoint;
  if (access === "admin" || audience === "caretaker") return "origin_not_allowed";
  const isSent = audience === "session" ? who.of === "this session" : who.of !== "a foreign team";
  return expectedOutcome(endpoint, isSent ? who : { kind: "nobody" });
}
