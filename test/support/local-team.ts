/** A team on the server of `npm start`, as whoever runs the deployment sets it up. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { createTeamClient } from "../../client/server/index.ts";
import { ROOT } from "../../src/cli/wrangler.ts";
import type { CreatedIdentityKey, TeamKey, TeamPolicy } from "../../src/protocol/team.ts";
import { KEY_SCOPES } from "../../src/protocol/team.ts";

export interface LocalTeam {
  readonly teamId: string;
  /** Of the API. */
  readonly origin: string;
  /** Where its visitors chat. */
  readonly pageUrl: string;
  /** Opens the team, on its side. */
  readonly teamKey: string;
  /** Opens the operator's page. */
  readonly operatorUrl: string;
}

/** Another than any before. */
export async function createTeam(origin: string): Promise<LocalTeam> {
  const teamId = `shop-${crypto.randomUUID()}`;
  await callAsAdmin(origin, "POST", "", {
    id: teamId,
    name: "A shop",
    allowedOrigins: ["http://localhost:*", "http://127.0.0.1:*"],
    // Everybody here is one network.
    limits: { createsPerMinutePerNetwork: null },
  });
  const { key: teamKey } = await callAsAdmin<TeamKey>(origin, "POST", `/${teamId}/keys`, {
    scopes: KEY_SCOPES,
  });
  const client = createTeamClient({ baseUrl: origin, teamId, teamKey });
  const operator = { operatorId: "anna", name: "Anna" };
  const { dashboardUrl } = await client.createOperatorToken(operator);
  return {
    teamId,
    origin,
    pageUrl: `${origin}/?team=${teamId}`,
    teamKey,
    operatorUrl: new URL(dashboardUrl, origin).href,
  };
}

export async function changePolicy(
  { origin, teamId }: LocalTeam,
  changes: Partial<TeamPolicy>,
): Promise<void> {
  await callAsAdmin(origin, "PATCH", `/${teamId}`, changes);
}

/** A key that the team's backend signs with. */
export async function createIdentityKey({
  origin,
  teamId,
}: LocalTeam): Promise<{ readonly kid: string; readonly secret: string }> {
  const path = `/${teamId}/identity-keys`;
  const { kid, secret = "" } = await callAsAdmin<CreatedIdentityKey>(origin, "POST", path, {
    algorithm: "HS256",
  });
  return { kid, secret };
}

/** @param path what follows that of all teams */
async function callAsAdmin<T>(
  origin: string,
  method: "POST" | "PATCH",
  path: string,
  body: object,
): Promise<T> {
  // What `npm start` gives its Worker.
  const { ADMIN_TOKEN } = parseEnv(await readFile(join(ROOT, ".dev.vars"), "utf8"));
  const response = await fetch(`${origin}/api/admin/teams${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}
