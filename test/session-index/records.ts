/** Records as objects would project them. */
import { env } from "cloudflare:workers";
import type { ConversationRecord } from "../../src/domain/conversation-record.ts";
import { sessionsDatabase, teamsDatabase } from "../../src/session-index/databases.ts";
import type { SessionQuery } from "../../src/session-index/read.ts";
import { createTeam } from "../../src/session-index/teams.ts";
import type { IndexedSession } from "../../src/session-index/write.ts";

export const DAY_MS = 86_400_000;
export const NOW = Date.UTC(2026, 0, 15);

export const database = sessionsDatabase(env, 1);

/** Makes the team unless it is there already. */
export async function addTeam(id: string): Promise<void> {
  await createTeam(teamsDatabase(env), { id, name: id, policy: {} }, NOW);
}

/** 32 characters, like a real one. */
export function sessionId(name: string | number): string {
  return String(name).padStart(32, "-");
}

/** An active session of `team`, version 1. */
export function session(
  name: string | number,
  fields: Partial<IndexedSession> = {},
): IndexedSession {
  const createdAt = fields.createdAt ?? NOW;
  const lastAccessed = fields.lastAccessed ?? createdAt;
  return {
    id: sessionId(name),
    teamId: "team",
    teamNumber: 1,
    status: "active",
    endReason: null,
    endedAt: null,
    archivedAt: null,
    version: 1,
    userId: null,
    userFingerprint: "fingerprint-hash",
    deviceInfo: { browser: "Firefox", deviceType: "mobile" },
    locationInfo: { country: "DE", city: "Berlin" },
    createdAt,
    updatedAt: lastAccessed,
    lastAccessed,
    expiresAt: lastAccessed + 30 * DAY_MS,
    defaultConversationId: "default",
    ...fields,
  };
}

/** The fields of a session that ended like this. */
export function ended(
  endReason: NonNullable<IndexedSession["endReason"]>,
  endedAt = NOW,
): Pick<IndexedSession, "status" | "endReason" | "endedAt"> {
  const status = endReason === "idle" || endReason === "absolute" ? "expired" : "terminated";
  return { status, endReason, endedAt };
}

export function conversation(fields: Partial<ConversationRecord> = {}): ConversationRecord {
  return {
    id: "default",
    status: "open",
    handledBy: "bot",
    assignee: null,
    version: 1,
    createdAt: NOW,
    updatedAt: NOW,
    importedId: null,
    ...fields,
  };
}

/** The list of all of a team's sessions, from the beginning. */
export function everything(teamId: string): SessionQuery {
  return {
    teamId,
    status: undefined,
    country: undefined,
    device: undefined,
    userId: undefined,
    cursor: undefined,
    limit: 50,
  };
}
