// Who may do what: the one table that routes, service bindings and sockets ask.
import type { KeyScope } from "../protocol/rest.ts";
import type { CredentialRole } from "../protocol/session.ts";

interface Rule {
  /** Credential roles that may. */
  readonly roles: readonly CredentialRole[];
  /** The scope a team's key needs; null where no team key may. */
  readonly scope: KeyScope | null;
  /** For whom it still opens after the session has ended. */
  readonly whenEnded: "everyone" | "team" | "nobody";
}

const EVERY_ROLE: readonly CredentialRole[] = ["owner", "writer", "reader"];

/** Operations on one session. */
export const SESSION_ACCESS = {
  get: { roles: EVERY_ROLE, scope: "sessions:read", whenEnded: "team" },
  validate: { roles: EVERY_ROLE, scope: "sessions:read", whenEnded: "everyone" },
  refresh: { roles: ["owner"], scope: "sessions:write", whenEnded: "nobody" },
  terminate: { roles: ["owner"], scope: "sessions:write", whenEnded: "everyone" },
  connect: { roles: EVERY_ROLE, scope: null, whenEnded: "nobody" },
  listConversations: { roles: EVERY_ROLE, scope: "sessions:read", whenEnded: "team" },
  openConversation: { roles: ["owner", "writer"], scope: "sessions:write", whenEnded: "nobody" },
  listMessages: { roles: EVERY_ROLE, scope: "sessions:read", whenEnded: "everyone" },
  postMessage: { roles: ["owner", "writer"], scope: "messages:write", whenEnded: "nobody" },
  setTyping: { roles: ["owner", "writer"], scope: null, whenEnded: "nobody" },
  markRead: { roles: ["owner"], scope: null, whenEnded: "nobody" },
} as const satisfies Record<string, Rule>;

export type SessionOperation = keyof typeof SESSION_ACCESS;

/** Operations across a team's sessions; the scope its key needs. */
export const TEAM_ACCESS = {
  findByFingerprint: "sessions:read",
  listSessions: "sessions:read",
  stats: "stats:read",
} as const satisfies Record<string, KeyScope>;

export type TeamOperation = keyof typeof TEAM_ACCESS;

export function mayRole(operation: SessionOperation, role: CredentialRole): boolean {
  return (SESSION_ACCESS[operation] as Rule).roles.includes(role);
}

export function mayScope(operation: SessionOperation, scopes: readonly KeyScope[]): boolean {
  const { scope } = SESSION_ACCESS[operation] as Rule;
  return scope !== null && scopes.includes(scope);
}

/** Whether the operation still opens for `who` after the session has ended. */
export function opensWhenEnded(operation: SessionOperation, who: CredentialRole | "team"): boolean {
  const { whenEnded } = SESSION_ACCESS[operation] as Rule;
  return whenEnded === "everyone" || (whenEnded === "team" && who === "team");
}

/** Only the visitor's own calls and the team's keep a session alive; a guest's do not. */
export function slidesExpiry(role: CredentialRole | "team"): boolean {
  return role === "owner" || role === "team";
}
