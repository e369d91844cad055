/** The team that the local page talks to, made through the same admin API that anybody's teams are made with. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";

export const DEMO_TEAM_ID = "demo";

const DEMO_TEAM = {
  id: DEMO_TEAM_ID,
  name: "Demo",
  allowedOrigins: ["http://localhost:*", "http://127.0.0.1:*"],
  // On one's own machine everybody is one network.
  limits: { createsPerMinutePerNetwork: null },
};

const KEY_SCOPES = ["sessions:read", "sessions:write", "messages:write", "stats:read"];

const TIMEOUT_MS = 30_000;

/** Returns a key that opens the team: the one in `keyFile` for as long as it does, or else a new one, kept there. */
export async function ensureDemoTeam(
  origin: string,
  adminToken: string,
  keyFile: string,
): Promise<string> {
  const created = await post(`${origin}/api/admin/teams`, adminToken, DEMO_TEAM);
  if (created.status !== 201 && !isTeamExists(created)) {
    throw new Error(`The team "${DEMO_TEAM_ID}" could not be made: ${describe(created)}`);
  }

  const kept = readKey(keyFile);
  if (kept !== undefined && (await opensTeam(origin, kept))) return kept;

  const minted = await post(`${origin}/api/admin/teams/${DEMO_TEAM_ID}/keys`, adminToken, {
    scopes: KEY_SCOPES,
  });
  const key = field(minted.body, "key");
  if (minted.status !== 201 || typeof key !== "string") {
    throw new Error(`No key could be made for the team "${DEMO_TEAM_ID}": ${describe(minted)}`);
  }
  keepKey(keyFile, key);
  return key;
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

async function opensTeam(origin: string, key: string): Promise<boolean> {
  const response = await fetch(`${origin}/api/sessions/stats/${DEMO_TEAM_ID}`, {
    headers: { Authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.body?.cancel();
  return response.status === 200;
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
