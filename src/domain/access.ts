// Who may do what: the one table that routes, service bindings and sockets ask.
import type { KeyScope } from "../protocol/rest.ts";
import type { ConnectionRole, CredentialRole } from "../protocol/session.ts";

/** As whom a caller acts in a session. */
export type CallerRole = CredentialRole | "team";

interface Rule {
  /** Credential roles that may. */
  readonly roles: readonly CredentialRole[];
  /** The scope a team's key needs; null where no team key may. */
  readonly scope: KeyScope | null;
  /** For whom it still opens after the session has ended. */
  readonly whenEnded: "everyone" | "team" | "nobody";
}

const EVERY_ROLE: readonly CredentialRole[] = ["owner", "writer", "reader"];

/** Keeps the names of the operations and widens the rules. */
function table<Operation extends string>(
  rules: Readonly<Record<Operation, Rule>>,
): Readonly<Record<Operation, Rule>> {
  return rules;
}

/** Operations on one session. */
export const SESSION_ACCESS = table({
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
});

export type SessionOperation = keyof typeof SESSION_ACCESS;

/** Operations for a team, across its sessions; the scope its key needs. */
export const TEAM_ACCESS = {
  createSession: "sessions:write",
  findByFingerprint: "sessions:read",
  listSessions: "sessions:read",
  stats: "stats:read",
} as const satisfies Record<string, KeyScope>;

export type TeamOperation = keyof typeof TEAM_ACCESS;

export function mayRole(operation: SessionOperation, role: CredentialRole): boolean {
  return SESSION_ACCESS[operation].roles.includes(role);
}

export function mayScope(operation: SessionOperation, scopes: readonly KeyScope[]): boolean {
  const { scope } = SESSION_ACCESS[operation];
  return scope !== null && scopes.includes(scope);
}

/** Whether the operation still opens for `who` after the session has ended. */
export function opensWhenEnded(operation: SessionOperation, who: CallerRole): boolean {
  const { whenEnded } = SESSION_ACCESS[operation];
  return whenEnded === "everyone" || (whenEnded === "team" && who === "team");
}

/** Only the visitor's own calls and the team's keep a session alive; a guest's do not. */
export function slidesExpiry(role: CallerRole): boolean {
  return role === "owner" || role === "team";
}

/** How much of a session somebody sees. */
export type Viewer = "full" | "guest";

/** Its owner and the team see all of a session, guests the conversation only. */
export function viewerOf(role: CallerRole | ConnectionRole): Viewer {
  return role === "writer" || role === "reader" ? "guest" : "full";
}
