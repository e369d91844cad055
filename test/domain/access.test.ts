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
import { KEY_SCOPES } from "../../src/protocol/rest.ts";
import type { CredentialRole } from "../../src/protocol/session.ts";

const ROLES: readonly CredentialRole[] = ["owner", "writer", "reader"];
const OPERATIONS = Object.keys(SESSION_ACCESS) as SessionOperation[];

/** The whole table once more, as the contract has it: who may, with what scope, and for whom it outlives the session. */
const TABLE: Record<SessionOperation, string> = {
  get: "owner writer reader | sessions:read | team",
  validate: "owner writer reader | sessions:read | owner writer reader team",
  refresh: "owner | sessions:write | ",
  terminate: "owner | sessions:write | owner writer reader team",
  connect: "owner writer reader |  | ",
  listConversations: "owner writer reader | sessions:read | team",
  openConversation: "owner writer | sessions:write | ",
  listMessages: "owner writer reader | sessions:read | owner writer reader team",
  postMessage: "owner writer | messages:write | ",
  setTyping: "owner writer |  | ",
  markRead: "owner |  | ",
};

test.each(OPERATIONS)("%s", (operation) => {
  const roles = ROLES.filter((role) => mayRole(operation, role));
  const scopes = KEY_SCOPES.filter((scope) => mayScope(operation, [scope]));
  const afterTheEnd = [...ROLES, "team" as const].filter((who) => opensWhenEnded(operation, who));
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
    expect(TEAM_ACCESS).toEqual({
      createSession: "sessions:write",
      findByFingerprint: "sessions:read",
      listSessions: "sessions:read",
      stats: "stats:read",
    });
  });
});

test("a guest's calls do not keep a session alive", () => {
  expect([...ROLES, "team" as const].filter(slidesExpiry)).toEqual(["owner", "team"]);
});
