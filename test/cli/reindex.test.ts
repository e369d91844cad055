/** The commands against a list of objects and a Worker that stand in for the real ones, and fail in all the ways they may. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Ran, runCommand } from "../support/run-command.ts";

vi.setConfig({ testTimeout: 60_000 });

const ADMIN_TOKEN = "the-administrators";
const IDS = Array.from({ length: 230 }, (_, at) => at.toString(16).padStart(64, "0"));

let server: Server;
let origin: string;
let asked: string[];
let pages: string[];
/** What the next calls of the Worker are answered with instead, by status. */
let troubles: number[];
let outcomeOf: (id: string) => string;
let restores: object[];

beforeEach(async () => {
  asked = [];
  pages = [];
  troubles = [];
  restores = [];
  outcomeOf = () => "projected";
  server = createServer(async (request, response) => {
    const { status, body } = answer(request, await textOf(request));
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => new Promise((resolve) => server.close(resolve)));

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
}

function answer(request: IncomingMessage, text: string): { status: number; body: object } {
  const url = new URL(request.url ?? "", origin);
  const namespaces = "/list/workers/durable_objects/namespaces";
  if (url.pathname === namespaces) {
    const ours = { id: "ours", script: "durable-sessions", class: "SessionObject" };
    const others = { id: "others", script: "durable-sessions", class: "LimiterObject" };
    return { status: 200, body: { success: true, result: [others, ours] } };
  }
  if (url.pathname === `${namespaces}/ours/objects`) return list(url.searchParams);
  const isAdmin = request.headers.authorization === `Bearer ${ADMIN_TOKEN}`;
  if (!isAdmin) return { status: 401, body: { code: "invalid_credential" } };
  const trouble = troubles.shift();
  if (trouble !== undefined) return { status: trouble, body: {} };
  if (url.pathname === "/api/admin/restore") return restore(JSON.parse(text));
  const { objectIds } = JSON.parse(text) as { objectIds: string[] };
  if (objectIds.length > 100) return { status: 422, body: {} };
  asked.push(...objectIds);
  const objects = objectIds.map((objectId) => ({ objectId, outcome: outcomeOf(objectId) }));
  return { status: 200, body: { objects } };
}

function list(query: URLSearchParams): { status: number; body: object } {
  const cursor = query.get("cursor");
  pages.push(cursor ?? "first");
  const from = Number(cursor ?? 0);
  const to = from + Number(query.get("limit"));
  const result = IDS.slice(from, to).map((id) => ({ id, hasStoredData: id !== IDS[7] }));
  const next = to < IDS.length ? String(to) : "";
  return { status: 200, body: { success: true, result, result_info: { cursor: next } } };
}

function restore(body: { after?: string }): { status: number; body: object } {
  restores.push(body);
  const restored = { teams: 1, team_keys: 2, identity_keys: 0, team_counters: 1, audit_events: 9 };
  const common = { date: "2027-01-02", restored, conflicts: [] };
  return { status: 200, body: body.after ? common : { ...common, nextAfter: "a-file" } };
}

const environment = { ADMIN_TOKEN };

const reindex = (...args: string[]): Promise<Ran> =>
  runCommand("reindex", ["--url", origin, "--api", `${origin}/list`, ...args], environment);

describe("npm run reindex", () => {
  test("asks every object that has stored something once, page by page", async () => {
    const { code, output } = await reindex("--page-size", "100");
    expect(code, output).toBe(0);
    expect(pages).toEqual(["first", "100", "200"]);
    expect(asked.sort()).toEqual(IDS.filter((_, at) => at !== 7));
    expect(output).toContain("99 objects: 99 projected; next --cursor 100");
    expect(output).toContain("229 objects: 229 projected");
    expect(output).not.toContain(ADMIN_TOKEN);
  });

  test("goes on where it is told to", async () => {
    const { code } = await reindex("--page-size", "100", "--cursor", "200");
    expect(code).toBe(0);
    expect(asked.sort()).toEqual(IDS.slice(200));
  });

  test("repeats what may pass", async () => {
    troubles = [503, 429, 500];
    const { code, output } = await reindex();
    expect(code, output).toBe(0);
    expect(new Set(asked).size).toBe(229);
  });

  test("stops at what will not, and says how to go on", async () => {
    troubles = [403];
    const { code, output } = await reindex("--page-size", "100", "--cursor", "100");
    expect(code).toBe(1);
    expect(output).toContain("answered 403");
    expect(output).toContain("To go on: add --cursor 100");
  });

  test("asks those again that did not answer, and names who stays out", async () => {
    const [late = "", never = "", refused = ""] = IDS;
    outcomeOf = (id) => {
      if (id === late)
        return asked.filter((one) => one === late).length > 1 ? "projected" : "failed";
      if (id === never) return "failed";
      return id === refused ? "refused" : "absent";
    };
    const { code, output } = await reindex();
    expect(code).toBe(1);
    expect(asked.filter((id) => id === never)).toHaveLength(3);
    expect(output).toContain(`${never} failed`);
    expect(output).toContain(`${refused} refused`);
    expect(output).not.toContain(late);
    expect(output).toContain("229 objects: 226 absent, 1 failed, 1 projected, 1 refused");
  });
});

describe("npm run restore", () => {
  test("restores part after part, of one day", async () => {
    troubles = [503];
    const { code, output } = await runCommand("restore", ["--url", origin], environment);
    expect(code, output).toBe(0);
    expect(restores).toEqual([{}, { date: "2027-01-02", after: "a-file" }]);
    expect(output).toContain("2027-01-02: 1 teams, 2 team_keys");
  });

  test("takes the day that it is told", async () => {
    await runCommand("restore", ["--url", origin, "--date", "2027-01-02"], environment);
    expect(restores[0]).toEqual({ date: "2027-01-02" });
  });
});

test.each([
  ["without an address", [], environment, "--url"],
  ["without the token", ["--url", "https://chat.example"], {}, "ADMIN_TOKEN"],
  ["in clear", ["--url", "http://chat.example"], environment, "https alone"],
  [
    "without Cloudflare's token",
    ["--url", "https://chat.example"],
    environment,
    "CLOUDFLARE_API_TOKEN",
  ],
])("nothing is done %s", async (_, args, env, word) => {
  const { code, output } = await runCommand("reindex", args, env as Record<string, string>);
  expect(code).toBe(1);
  expect(output).toContain(word);
});
