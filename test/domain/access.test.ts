import { describe, expect, test } from "vitest";
import {
  mayRole,
  mayScope,
  opensWhenEnded,
  SESSION_ACCESS,
  type SessionOperation,
  slidesExpiry,
  TEAM_ACCESS,
} from "../../src/domain/access.ts";
import type { CredentialRole } from "../../src/protocol/session.ts";
import { KEY_SCOPES } from "../../src/protocol/team.ts";

const ROLES: readonly CredentialRole[] = ["owner", "writer", "reader"];
const OPERATIONS = Object.keys(SESSION_ACCESS) as SessionOperation[];

/** The whole table once more, as the contract has it: who may, with what scope, and for whom it outlives the session. */
const TABLE: Record<SessionOperation, string> = {
  get: "owner writer reader operator | sessions:read | team operator",
  validate: "owner writer reader operator | sessions:read | owner writer reader team operator",
  refresh: "owner | sessions:write | ",
  terminate: "owner | sessions:write | owner writer reader team operator",
  connect: "owner writer reader operator |  | ",
  listConversations: "owner writer reader operator | sessions:read | team operator",
  openConversation: "owner writer | sessions:write | ",
  listMessages: "owner writer reader operator | sessions:read | owner writer reader team operator",
  postMessage: "owner writer operator | messages:write | ",
  importMessages: "owner |  | ",
  updateConversation: "operator | messages:write | ",
  streamMessage: "operator | messages:write | ",
  cancelStream: "owner writer operator |  | ",
  redactMessage: "operator | messages:write | team operator",
  setTyping: "owner writer operator |  | ",
  markRead: "owner operator |  | ",
  identify: "owner |  | ",
  createInvite: "owner |  | ",
  listInvites: "owner |  | ",
  revokeInvite: "owner |  | ",
  listDevices: "owner |  | ",
  revokeDevice: "owner |  | ",
  uploadFile: "owner writer operator | messages:write | ",
  downloadFile: "owner writer reader operator | sessions:read | owner writer reader team operator",
  deleteFile: "owner writer operator | messages:write | team operator",
  exportSession: "owner operator | sessions:read | owner writer reader team operator",
  eraseSession: "owner | sessions:write | owner writer reader team operator",
  readIdentity: "owner |  | ",
};

test.each(OPERATIONS)("%s", (operation) => {
  const roles = [...ROLES, "operator" as const].filter((role) => mayRole(operation, role));
  const scopes = KEY_SCOPES.filter((scope) => mayScope(operation, [scope]));
  const everyone = [...ROLES, "team" as const, "operator" as const];
  const afterTheEnd = everyone.filter((who) => opensWhenEnded(operation, who));
  expect([roles, scopes, afterTheEnd].map((list) => list.join(" ")).join(" | ")).toBe(
    TABLE[operation],
  );
});

describe("scopes", () => {
  test("are not implied: admin alone opens no session", () => {
    expect(OPERATIONS.filter((operation) => mayScope(operation, ["admin"]))).toEqual([]);
  });

  test("of no key open nothing", () => {
    expect(OPERATIONS.filter((operation) => mayScope(operation, []))).toEqual([]);
  });

  test("of questions across sessions", () => {
    const table = Object.entries(TEAM_ACCESS).map(([operation, { scope, operator, owner }]) =>
      [operation, scope, operator && "operator", owner && "owner"].filter(Boolean).join(" "),
    );
    expect(table).toEqual([
      "createSession sessions:write",
      "findByFingerprint sessions:read operator owner",
      "listSessions sessions:read operator owner",
      "stats stats:read operator",
      "cleanUp admin",
      "listAuditEvents admin",
      "readWebhook admin",
      "changeWebhook admin",
      "createOperatorToken operators",
      "revokeOperator operators",
    ]);
  });
});

test("a guest's calls do not keep a session alive", () => {
  const everyone = [...ROLES, "team" as const, "operator" as const];
  expect(everyone.filter(slidesExpiry)).toEqual(["owner", "team", "operator"]);
});
