// Who may do what: the one table that routes, service bindings and sockets ask, and that a generated test holds every
// route against.
import type { Side } from "../protocol/frames.ts";
import { type ConnectionRole, CREDENTIAL_ROLES, type CredentialRole } from "../protocol/session.ts";
import type { KeyScope } from "../protocol/team.ts";

/** As whom a caller acts in a session. */
export type CallerRole = CredentialRole | "team" | "operator";

interface SessionRule {
  /** Credential roles that may. */
  readonly roles: readonly CredentialRole[];
  /** The scope a team's key needs; null where no team key may. */
  readonly scope: KeyScope | null;
  /** Whether a member of the team's staff may. */
  readonly operator: boolean;
  /** For whom it still opens after the session has ended. */
  readonly whenEnded: "everyone" | "team" | "nobody";
}

export interface TeamRule {
  readonly scope: KeyScope;
  readonly operator: boolean;
  /** Whether the owner of an identified session may, and then only about the sessions of the same person. */
  readonly owner: boolean;
}

/** Keeps the names of the operations and widens the rules. */
function table<Operation extends string>(
  rules: Readonly<Record<Operation, SessionRule>>,
): Readonly<Record<Operation, SessionRule>> {
  return rules;
}

/** Operations on one session. */
export const SESSION_ACCESS = table({
  get: { roles: CREDENTIAL_ROLES, scope: "sessions:read", operator: true, whenEnded: "team" },
  validate: {
    roles: CREDENTIAL_ROLES,
    scope: "sessions:read",
    operator: true,
    whenEnded: "everyone",
  },
  refresh: { roles: ["owner"], scope: "sessions:write", operator: false, whenEnded: "nobody" },
  terminate: { roles: ["owner"], scope: "sessions:write", operator: false, whenEnded: "everyone" },
  connect: { roles: CREDENTIAL_ROLES, scope: null, operator: true, whenEnded: "nobody" },
  listConversations: {
    roles: CREDENTIAL_ROLES,
    scope: "sessions:read",
    operator: true,
    whenEnded: "team",
  },
  openConversation: {
    roles: ["owner", "writer"],
    scope: "sessions:write",
    operator: false,
    whenEnded: "nobody",
  },
  listMessages: {
    roles: CREDENTIAL_ROLES,
    scope: "sessions:read",
    operator: true,
    whenEnded: "everyone",
  },
  postMessage: {
    roles: ["owner", "writer"],
    scope: "messages:write",
    operator: true,
    whenEnded: "nobody",
  },
  /** What a device kept is its visitor's to bring, and never the team's word. */
  importMessages: { roles: ["owner"], scope: null, operator: false, whenEnded: "nobody" },
  /** A bot hands over and takes back with the scope that it answers with. */
  updateConversation: {
    roles: [],
    scope: "messages:write",
    operator: true,
    whenEnded: "nobody",
  },
  streamMessage: { roles: [], scope: "messages:write", operator: true, whenEnded: "nobody" },
  cancelStream: { roles: ["owner", "writer"], scope: null, operator: true, whenEnded: "nobody" },
  /** An ended session's messages are kept, so they can be taken back, too. */
  redactMessage: { roles: [], scope: "messages:write", operator: true, whenEnded: "team" },
  setTyping: { roles: ["owner", "writer"], scope: null, operator: true, whenEnded: "nobody" },
  markRead: { roles: ["owner"], scope: null, operator: true, whenEnded: "nobody" },
  identify: { roles: ["owner"], scope: null, operator: false, whenEnded: "nobody" },
  createInvite: { roles: ["owner"], scope: null, operator: false, whenEnded: "nobody" },
  listInvites: { roles: ["owner"], scope: null, operator: false, whenEnded: "nobody" },
  revokeInvite: { roles: ["owner"], scope: null, operator: false, whenEnded: "nobody" },
  listDevices: { roles: ["owner"], scope: null, operator: false, whenEnded: "nobody" },
  revokeDevice: { roles: ["owner"], scope: null, operator: false, whenEnded: "nobody" },
  uploadFile: {
    roles: ["owner", "writer"],
    scope: "messages:write",
    operator: true,
    whenEnded: "nobody",
  },
  /** Whoever reads the messages reads what is attached to them. */
  downloadFile: {
    roles: CREDENTIAL_ROLES,
    scope: "sessions:read",
    operator: true,
    whenEnded: "everyone",
  },
  deleteFile: {
    roles: ["owner", "writer"],
    scope: "messages:write",
    operator: true,
    whenEnded: "team",
  },
  /** All that is held: of the owner's credential, a fresh one. */
  exportSession: {
    roles: ["owner"],
    scope: "sessions:read",
    operator: true,
    whenEnded: "everyone",
  },
  eraseSession: {
    roles: ["owner"],
    scope: "sessions:write",
    operator: false,
    whenEnded: "everyone",
  },
  /** Who it is that asks across sessions; see TEAM_ACCESS. */
  readIdentity: { roles: ["owner"], scope: null, operator: false, whenEnded: "nobody" },
});

export type SessionOperation = keyof typeof SESSION_ACCESS;

/** Operations for a team, across its sessions. */
export const TEAM_ACCESS = {
  createSession: { scope: "sessions:write", operator: false, owner: false },
  findByFingerprint: { scope: "sessions:read", operator: true, owner: true },
  listSessions: { scope: "sessions:read", operator: true, owner: true },
  stats: { scope: "stats:read", operator: true, owner: false },
  cleanUp: { scope: "admin", operator: false, owner: false },
  listAuditEvents: { scope: "admin", operator: false, owner: false },
  readWebhook: { scope: "admin", operator: false, owner: false },
  changeWebhook: { scope: "admin", operator: false, owner: false },
  createOperatorToken: { scope: "operators", operator: false, owner: false },
  revokeOperator: { scope: "operators", operator: false, owner: false },
} as const satisfies Record<string, TeamRule>;

export type TeamOperation = keyof typeof TEAM_ACCESS;

/** Whether a team's key of these scopes, or its staff, may ask across the team's sessions. */
export function mayAskAsTeam(
  operation: TeamOperation,
  caller: { readonly scopes: readonly KeyScope[] } | "operator",
): boolean {
  const rule: TeamRule = TEAM_ACCESS[operation];
  return caller === "operator" ? rule.operator : caller.scopes.includes(rule.scope);
}

/** Whether the owner of an identified session may ask, about that person's sessions. */
export function mayAskAsOwner(operation: TeamOperation): boolean {
  return TEAM_ACCESS[operation].owner;
}

export function isSessionOperation(
  operation: SessionOperation | TeamOperation,
): operation is SessionOperation {
  return operation in SESSION_ACCESS;
}

/** Whether `role` may in a session; what scopes a team's key needs for it, the Worker has looked at. */
export function mayRole(operation: SessionOperation, role: CallerRole): boolean {
  if (role === "team") return SESSION_ACCESS[operation].scope !== null;
  if (role === "operator") return SESSION_ACCESS[operation].operator;
  return SESSION_ACCESS[operation].roles.includes(role);
}

export function mayScope(operation: SessionOperation, scopes: readonly KeyScope[]): boolean {
  const { scope } = SESSION_ACCESS[operation];
  return scope !== null && scopes.includes(scope);
}

/** Whether the operation still opens for `who` after the session has ended. */
export function opensWhenEnded(operation: SessionOperation, who: CallerRole): boolean {
  const { whenEnded } = SESSION_ACCESS[operation];
  return whenEnded === "everyone" || (whenEnded === "team" && isStaff(who));
}

/** The people with a credential write on one side of the conversation, the team's keys and staff on the other. */
export function sideOf(role: CallerRole): Side {
  return isStaff(role) ? "team" : "visitor";
}

function isStaff(role: CallerRole): role is "team" | "operator" {
  return role === "team" || role === "operator";
}

/** Only the visitor's own calls and the team's keep a session alive; a guest's do not. */
export function slidesExpiry(role: CallerRole): boolean {
  return role === "owner" || isStaff(role);
}

/** How much of a session somebody sees. */
export type Viewer = "full" | "guest";

/** Its owner and the team see all of a session, guests the conversation only. */
export function viewerOf(role: CallerRole | ConnectionRole): Viewer {
  return role === "writer" || role === "reader" ? "guest" : "full";
}
