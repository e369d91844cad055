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
import type { KeyScope } from "../../src/protocol/rest.ts";
import type { CredentialRole } from "../../src/protocol/session.ts";
import type { Endpoint } from "../../src/routes/endpoint.ts";

/** Why a session has ended, as a refusal. */
export type Ended = "session_expired" | "session_terminated";

/** A caller, and how it stands to the session and the team that the request is about. */
export type Who =
  | { readonly kind: "nobody" | "admin" }
  | {
      readonly kind: "credential";
      readonly role: CredentialRole;
      /** Whether it is a good credential of the session. */
      readonly fits: boolean;
      readonly ended: Ended | undefined;
    }
  | {
      readonly kind: "team";
      readonly scopes: readonly KeyScope[];
      readonly ours: boolean;
      readonly ended: Ended | undefined;
    }
  | { readonly kind: "operator"; readonly ours: boolean; readonly ended: Ended | undefined };

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
      if (!who.fits) return "invalid_credential";
      if (!mayRole(operation, who.role)) return "forbidden";
      return (!opensWhenEnded(operation, who.role) && who.ended) || "allowed";
    case "team":
      if (!mayScope(operation, who.scopes)) return "forbidden";
      break;
    case "operator":
      if (!mayRole(operation, "operator")) return "forbidden";
  }
  if (!who.ours) return "session_not_found";
  return (!opensWhenEnded(operation, who.kind) && who.ended) || "allowed";
}

export function forTeam(operation: TeamOperation, who: Who): Outcome {
  const rule: TeamRule = TEAM_ACCESS[operation];
  switch (who.kind) {
    case "nobody":
      return "unauthenticated";
    case "admin":
      return "invalid_credential";
    // None of these has a person behind it who has proven who they are.
    case "credential":
      return "forbidden";
    case "team":
      if (!who.scopes.includes(rule.scope)) return "forbidden";
      break;
    case "operator":
      if (!rule.operator) return "forbidden";
  }
  return who.ours ? "allowed" : "team_not_found";
}
