import { mkdtempSync, rmSync, statSync } from "node:fs";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensureDemoTeam } from "../../src/cli/demo-team.ts";

let folder: string;
let keyFile: string;
let server: Server;
let origin: string;
let calls: string[];
let validKeys: Set<string>;
let teamAnswer: { status: number; body: object };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "demo-team-test-"));
  keyFile = join(folder, "demo-team-key");
  calls = [];
  validKeys = new Set();
  teamAnswer = { status: 201, body: { team: { id: "demo" } } };
  server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    const bearer = request.headers.authorization?.replace("Bearer ", "") ?? "";
    const { status, body } = answer(`${request.method} ${request.url}`, bearer);
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

function answer(call: string, bearer: string): { status: number; body: object } {
  if (call === "POST /api/teams/demo/operators") {
    const dashboardUrl = `${origin}/dashboard#op=op_1&team=demo`;
    return validKeys.has(bearer)
      ? { status: 201, body: { dashboardUrl } }
      : { status: 401, body: {} };
  }
  if (bearer !== "admin") return { status: 404, body: {} };
  if (call === "POST /api/admin/teams") return teamAnswer;
  if (call !== "POST /api/admin/teams/demo/keys") return { status: 404, body: {} };
  const key = `sk_${validKeys.size}`;
  validKeys.add(key);
  return { status: 201, body: { keyId: "0", key } };
}

test("makes the team and a key, and keeps the key for the owner alone", async () => {
  expect(await ensureDemoTeam(origin, "admin", keyFile)).toEqual({
    key: "sk_0",
    operatorFragment: "#op=op_1&team=demo",
  });
  expect(calls).toEqual([
    "POST /api/admin/teams",
    "POST /api/admin/teams/demo/keys",
    "POST /api/teams/demo/operators",
  ]);
  if (process.platform !== "win32") expect(statSync(keyFile).mode & 0o777).toBe(0o600);
});

test("gives the same key again for as long as it signs an operator of the team in", async () => {
  await ensureDemoTeam(origin, "admin", keyFile);
  teamAnswer = { status: 409, body: { code: "team_exists" } };

  expect(await ensureDemoTeam(origin, "admin", keyFile)).toMatchObject({ key: "sk_0" });
  validKeys.delete("sk_0");
  validKeys.add("another");
  expect(await ensureDemoTeam(origin, "admin", keyFile)).toMatchObject({ key: "sk_1" });
  expect(await ensureDemoTeam(origin, "admin", keyFile)).toMatchObject({ key: "sk_1" });
});

test("says what the Worker answered when the team cannot be made", async () => {
  teamAnswer = { status: 409, body: { code: "something_else" } };

  await expect(ensureDemoTeam(origin, "admin", keyFile)).rejects.toThrow(/409.*something_else/);
  await expect(ensureDemoTeam(origin, "wrong", keyFile)).rejects.toThrow(/404/);
});
