// The team `demo` as whoever runs the deployment sets it up.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { expect } from "vitest";
import type { CreatedIdentityKey } from "../../src/protocol/team.ts";
import type { LocalServer } from "../support/server.ts";

/** What `npm start` gives its Worker. */
const DEV_VARS = fileURLToPath(new URL("../../.dev.vars", import.meta.url));

/** A call about the team; `path` is what follows its own. */
export async function asAdmin<T>(
  { origin }: LocalServer,
  method: "POST" | "PATCH",
  path: string,
  body: object,
): Promise<T> {
  const { ADMIN_TOKEN } = parseEnv(await readFile(DEV_VARS, "utf8"));
  const response = await fetch(`${origin}/api/admin/teams/demo${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.ok).toBe(true);
  return (await response.json()) as T;
}

/** A key that the team's backend signs with. */
export async function createIdentityKey(
  server: LocalServer,
): Promise<{ readonly kid: string; readonly secret: string }> {
  const { kid, secret = "" } = await asAdmin<CreatedIdentityKey>(server, "POST", "/identity-keys", {
    algorithm: "HS256",
  });
  return { kid, secret };
}
