// Who uses the server until it dies: visitors who talk, bring files, end their sessions and have them erased. What was
// acknowledged is remembered, and what was asked for in vain too.
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { TEST_ADMIN_TOKEN } from "../../support/test-env.ts";
import type { KillableServer } from "./killable.ts";

/** What becomes of a session after its end, at once. */
export const TEAMS = {
  kept: { archiveAfterDays: 3650, retentionDays: 3650 },
  archived: { archiveAfterDays: 0, retentionDays: 3650 },
  purged: { archiveAfterDays: 0, retentionDays: 0 },
} as const;
export type TeamName = keyof typeof TEAMS;

type Asked = "no" | "asked" | "acknowledged";

export interface Visit {
  readonly team: TeamName;
  readonly id: string;
  readonly token: string;
  /** Acknowledged, by `clientId`. */
  readonly messages: Map<string, string>;
  /** Acknowledged, by id. */
  readonly files: Map<string, Buffer>;
  /** Sent, whoever heard of it. */
  readonly sent: Set<string>;
  ended: Asked;
  erased: Asked;
}

const LIMITS = {
  createsPerMinutePerNetwork: null,
  createsPerMinute: null,
  messagesPerMinutePerCredential: null,
};

const MAX_FILE_BYTES = 300_000;

export type TeamKeys = Readonly<Record<TeamName, string>>;

/** Each with a key of its own. */
export async function makeTeams(server: KillableServer): Promise<TeamKeys> {
  const keys: Record<string, string> = {};
  for (const [id, policy] of Object.entries(TEAMS)) {
    const body = { id, name: id, allowedOrigins: [], limits: LIMITS, ...policy };
    const made = await ask(server, "POST", "/api/admin/teams", TEST_ADMIN_TOKEN, body);
    expect(made.status).toBe(201);
    const path = `/api/admin/teams/${id}/keys`;
    const scopes = ["sessions:read"];
    const minted = await ask(server, "POST", path, TEST_ADMIN_TOKEN, { scopes });
    keys[id] = ((await minted.json()) as { key: string }).key;
  }
  return keys as TeamKeys;
}

export async function ask(
  { origin }: KillableServer,
  method: string,
  path: string,
  bearer: string,
  body?: object,
): Promise<Response> {
  return await fetch(`${origin}${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

let names = 0;

/** One after another does what a visitor may, until `isOver`; failures are the server's dying. */
export async function visitUntil(
  server: KillableServer,
  visits: Visit[],
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    try {
      await visitOnce(server, visits, isOver);
    } catch (error) {
      // The connection went with the server.
      if (!(error instanceof TypeError)) throw error;
      await sleep(5);
    }
  }
}

async function visitOnce(
  server: KillableServer,
  visits: Visit[],
  isOver: () => boolean,
): Promise<void> {
  const visit = await begin(server);
  if (visit === undefined) return;
  visits.push(visit);
  for (let steps = Math.floor(Math.random() * 4); steps >= 0 && !isOver(); steps--) {
    const fileId = Math.random() < 0.6 ? await bring(server, visit) : undefined;
    await say(server, visit, fileId);
  }
  const dice = Math.random();
  if (dice < 0.3) await erase(server, visit);
  else if (dice < 0.8) await end(server, visit);
}

async function begin(server: KillableServer): Promise<Visit | undefined> {
  const teams = Object.keys(TEAMS) as TeamName[];
  const team = teams[Math.floor(Math.random() * teams.length)] ?? "kept";
  const response = await fetch(`${server.origin}/api/sessions/create`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ teamId: team }),
  });
  if (response.status !== 201) return undefined;
  const { session, token } = (await response.json()) as { session: { id: string }; token: string };
  const nothing = { messages: new Map(), files: new Map(), sent: new Set<string>() };
  return { team, id: session.id, token, ...nothing, ended: "no", erased: "no" };
}

async function say(server: KillableServer, visit: Visit, fileId: string | undefined) {
  const clientId = `message-${++names}`;
  const content = `words of ${clientId}.`;
  visit.sent.add(clientId);
  const body = { clientId, content, ...(fileId && { attachments: [{ fileId }] }) };
  const path = `/api/sessions/${visit.id}/messages`;
  const response = await ask(server, "POST", path, visit.token, body);
  await response.arrayBuffer();
  if (response.status === 201) visit.messages.set(clientId, content);
}

async function bring(server: KillableServer, visit: Visit): Promise<string | undefined> {
  const text = randomBytes(Math.ceil((Math.random() * MAX_FILE_BYTES) / 2) + 10).toString("hex");
  const bytes = Buffer.from(text);
  const query = `name=a.txt&clientId=file-${++names}`;
  const response = await fetch(`${server.origin}/api/sessions/${visit.id}/files?${query}`, {
    method: "POST",
    headers: { authorization: `Bearer ${visit.token}`, "content-type": "text/plain" },
    body: bytes,
  });
  if (response.status !== 201) {
    await response.arrayBuffer();
    return undefined;
  }
  const { fileId } = ((await response.json()) as { file: { fileId: string } }).file;
  visit.files.set(fileId, bytes);
  return fileId;
}

async function end(server: KillableServer, visit: Visit): Promise<void> {
  visit.ended = "asked";
  const response = await ask(server, "DELETE", `/api/sessions/${visit.id}`, visit.token);
  if (response.status === 204) visit.ended = "acknowledged";
}

async function erase(server: KillableServer, visit: Visit): Promise<void> {
  visit.erased = "asked";
  const path = `/api/sessions/${visit.id}?erase=true`;
  const response = await ask(server, "DELETE", path, visit.token);
  await response.arrayBuffer();
  if (response.status === 200) visit.erased = "acknowledged";
}
