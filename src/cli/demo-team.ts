/** The team that the local page talks to, made through the same admin API that anybody's teams are made with. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { KEY_SCOPES } from "../protocol/team.ts";

export const DEMO_TEAM_ID = "demo";

const DEMO_TEAM = {
  id: DEMO_TEAM_ID,
  name: "Demo",
  allowedOrigins: ["http://localhost:*", "http://127.0.0.1:*"],
  // On one's own machine everybody is one network.
  limits: { createsPerMinutePerNetwork: null },
};

const OPERATOR = { operatorId: "demo-operator", name: "Demo operator" };

const TIMEOUT_MS = 30_000;

export interface DemoTeam {
  /** Opens the team: the one in the file for as long as it does, or else a new one, kept there. */
  readonly key: string;
  /** What the operator's page is opened with, behind its `#`; for twelve hours. */
  readonly operatorFragment: string;
}

export async function ensureDemoTeam(
  origin: string,
  adminToken: string,
  keyFile: string,
): Promise<DemoTeam> {
  const created = await post(`${origin}/api/admin/teams`, adminToken, DEMO_TEAM);
  if (created.status !== 201 && !isTeamExists(created)) {
    throw new Error(`The team "${DEMO_TEAM_ID}" could not be made: ${describe(created)}`);
  }

  const kept = readKey(keyFile);
  const signedIn = kept === undefined ? undefined : await signIn(origin, kept);
  if (kept !== undefined && signedIn !== undefined) {
    return { key: kept, operatorFragment: signedIn };
  }

  const minted = await post(`${origin}/api/admin/teams/${DEMO_TEAM_ID}/keys`, adminToken, {
    scopes: KEY_SCOPES,
  });
  const key = field(minted.body, "key");
  if (minted.status !== 201 || typeof key !== "string") {
    throw new Error(`No key could be made for the team "${DEMO_TEAM_ID}": ${describe(minted)}`);
  }
  keepKey(keyFile, key);
  const operatorFragment = await signIn(origin, key);
  if (operatorFragment === undefined) throw new Error("The new key signs no operator in.");
  return { key, operatorFragment };
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function post(url: string, bearer: string, body: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { Authorization: `Bearer ${bearer}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  return { status: response.status, body: parseJson(text) };
}

/** Undefined when the key does not open the team any more, or lacks the scope. */
async function signIn(origin: string, key: string): Promise<string | undefined> {
  const { body } = await post(`${origin}/api/teams/${DEMO_TEAM_ID}/operators`, key, OPERATOR);
  const url = field(body, "dashboardUrl");
  return typeof url === "string" ? new URL(url).hash : undefined;
}

function isTeamExists({ status, body }: Answer): boolean {
  return status === 409 && field(body, "code") === "team_exists";
}

function describe({ status, body }: Answer): string {
  return `${status} ${JSON.stringify(body)}`;
}

function field(body: unknown, name: string): unknown {
  if (typeof body !== "object" || body === null) return undefined;
  return Object.entries(body).find(([key]) => key === name)?.[1];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function readKey(keyFile: string): string | undefined {
  try {
    return readFileSync(keyFile, "utf8").trim();
  } catch {
    return undefined;
  }
}

function keepKey(keyFile: string, key: string): void {
  const staged = `${keyFile}.${process.pid}`;
  writeFileSync(staged, `${key}\n`, { mode: 0o600 });
  renameSync(staged, keyFile);
}
