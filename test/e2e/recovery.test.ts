/** From an empty D1 back to what it was: the product as a user starts it, restored and reindexed by the commands. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import type { TeamKey } from "../../src/protocol/team.ts";
import { runCommand } from "../support/run-command.ts";
import { type LocalServer, startServer } from "../support/server.ts";

const DEV_VARS = fileURLToPath(new URL("../../.dev.vars", import.meta.url));

let server: LocalServer;
let adminToken: string;

beforeAll(async () => {
  server = await startServer();
  adminToken = parseEnv(await readFile(DEV_VARS, "utf8")).ADMIN_TOKEN ?? "";
});

afterAll(() => server?.close());

async function call<T>(path: string, bearer: string, body?: object, method?: string): Promise<T> {
  const response = await fetch(`${server.origin}${path}`, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  expect(response.ok, `${path}: ${text}`).toBe(true);
  return text === "" ? (undefined as T) : JSON.parse(text);
}

/** All that a team can ask the index. */
async function told(key: string): Promise<object> {
  const [sessions, stats, found, trail] = await Promise.all([
    call<object>("/api/teams/acme/sessions", key),
    call<object>("/api/sessions/stats/acme", key),
    call<object>("/api/sessions/fingerprint/one-browser/acme", key),
    call<{ events: { type: string }[] }>("/api/teams/acme/audit-events?limit=100", key),
  ]);
  // That the key is used is noted once an hour, by whoever has not noted it yet.
  const events = trail.events.filter(({ type }) => type !== "key.used");
  return { sessions, stats, found, events };
}

async function liveAFew(key: string): Promise<readonly SessionWithToken[]> {
  const chats: SessionWithToken[] = [];
  for (let at = 0; at < 12; at++) {
    const fingerprint = at % 3 === 0 ? "one-browser" : `browser-${at}`;
    const body = {
      teamId: "acme",
      userFingerprint: fingerprint,
      deviceInfo: { browser: "Chrome" },
    };
    const chat = await call<SessionWithToken>("/api/sessions/create", key, body);
    const path = `/api/sessions/${chat.session.id}`;
    await call(`${path}/messages`, chat.token, { clientId: "1", content: "Hello" });
    if (at % 4 === 1) await call(`${path}/conversations`, chat.token, {});
    if (at % 4 === 2) await call(path, chat.token, undefined, "DELETE");
    chats.push(chat);
  }
  return chats;
}

it("teams, keys, lists, statistics and the trail are what they were before D1 was lost", async () => {
  await call("/api/admin/teams", adminToken, { id: "acme", name: "Acme", idleDays: 9 });
  const { key } = await call<TeamKey>("/api/admin/teams/acme/keys", adminToken, {
    scopes: ["sessions:read", "sessions:write", "messages:write", "stats:read", "admin"],
  });
  const chats = await liveAFew(key);
  // The hourly run backs up, and has sessions tell the index of what it need not have heard yet.
  expect((await fetch(`${server.origin}/cdn-cgi/local/scheduled`)).ok).toBe(true);
  const before = await told(key);
  expect(before).toMatchObject({ stats: { totalSessions: 12, terminatedSessions: 3 } });

  await server.kill();
  await rm(join(server.state, "v3/d1"), { recursive: true });
  await server.start();
  const environment = { ADMIN_TOKEN: adminToken };
  const api = `${server.origin}/cdn-cgi/explorer/api`;
  const reindex = (...args: string[]) =>
    runCommand("reindex", ["--url", server.origin, "--api", api, ...args], environment);
  // Nothing can be brought to an index that does not have the team.
  const early = await reindex("--page-size", "10");
  expect(early.output).toContain("refused");
  expect(early.code).toBe(1);

  const restored = await runCommand("restore", ["--url", server.origin], environment);
  expect(restored.code, restored.output).toBe(0);
  const reindexed = await reindex("--page-size", "10");
  expect(reindexed.code, reindexed.output).toBe(0);
  expect(reindexed.output).toContain("12 objects: 12 projected");

  // Whoever asked while the team was missing goes by that for a minute.
  await expect
    .poll(() => told(key).catch((error: unknown) => String(error)), {
      timeout: 90_000,
      interval: 2_000,
    })
    .toEqual(before);
  // The sessions themselves have missed nothing.
  const [chat] = chats;
  const { session, token } = chat as SessionWithToken;
  const path = `/api/sessions/${session.id}/messages`;
  await call(path, token, { clientId: "2", content: "Still here" });
  const { messages } = await call<{ messages: { content: string }[] }>(path, token);
  expect(messages.map(({ content }) => content)).toEqual(["Hello", "Still here"]);
}, 300_000);
