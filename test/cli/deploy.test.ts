import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Account } from "./stand-in-wrangler.ts";

const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Each deployment builds the page.
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let accountFile: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "deploy-test-"));
  accountFile = join(folder, "account.json");
  write({
    buckets: [],
    isR2Off: false,
    databases: [],
    workers: {},
    secretListFails: false,
    commands: [],
  });
});

afterEach(() => rmSync(folder, { recursive: true }));

test("the first run makes what is missing", async () => {
  const { code, output } = await deploy();

  expect(code, output).toBe(0);
  const { buckets, databases, workers } = read();
  expect(buckets).toEqual(["durable-sessions"]);
  expect(databases).toHaveLength(1);
  expect(databases[0]?.name).toBe("durable-sessions-index");
  expect(databases[0]?.migrations.length).toBeGreaterThan(0);
  const secrets = workers["durable-sessions"]?.secrets ?? {};
  expect(Object.keys(secrets).sort()).toEqual(["ADMIN_TOKEN", "SIGNING_KEYS"]);
  expect(secrets.SIGNING_KEYS).toMatch(/^1:[\w-]{43}$/);
  expect(output).toContain(`ADMIN_TOKEN, shown this once: ${secrets.ADMIN_TOKEN}`);
  expect(output).toContain(`SIGNING_KEYS, shown this once: ${secrets.SIGNING_KEYS}`);
});

test("a second run only deploys again", async () => {
  await deploy();
  const { databases, workers } = read();
  write({ ...read(), commands: [] });
  const { code, output } = await deploy();

  expect(code, output).toBe(0);
  const after = read();
  expect(after.databases).toEqual(databases);
  expect(after.workers["durable-sessions"]).toEqual({
    ...workers["durable-sessions"],
    deployments: 2,
  });
  expect(after.commands).toEqual([
    "d1 list",
    "r2 bucket info durable-sessions",
    "d1 migrations apply INDEX_DB",
    "secret list",
    "deploy",
  ]);
  expect(output).not.toContain("ADMIN_TOKEN");
});

test("a secret that is there is kept, one that is missing is made", async () => {
  const secrets = { SIGNING_KEYS: "2:new,1:old" };
  write({ ...read(), workers: { "durable-sessions": { secrets, deployments: 1 } } });
  await deploy();

  expect(read().workers["durable-sessions"]?.secrets).toEqual({
    ...secrets,
    ADMIN_TOKEN: expect.any(String),
  });
});

test("nothing is deployed when it cannot be told which secrets there are", async () => {
  await deploy();
  const before = read().workers;
  write({ ...read(), secretListFails: true });
  const { code, output } = await deploy();

  expect(code).toBe(1);
  expect(output).toContain("secrets could not be listed");
  expect(read().workers).toEqual(before);
});

test("nothing is deployed when it cannot be told whether the bucket is there", async () => {
  write({ ...read(), isR2Off: true });
  const { code, output } = await deploy();

  expect(code).toBe(1);
  expect(output).toContain("enable it in Cloudflare's dashboard");
  expect(read().workers).toEqual({});
});

test.each(["--name=other", "--env", "-e"])("%s is refused", async (arg) => {
  const { code } = await deploy(arg);

  expect(code).toBe(1);
  expect(read().commands).toEqual([]);
});

test("a misspelt dry run is none", async () => {
  const before = read();
  const { code, output } = await deploy("--dryrun");
  expect(code).toBe(1);
  expect(output).toContain("a dry run is --dry-run");
  expect(read()).toEqual(before);
});

function deploy(...args: string[]): Promise<{ code: number; output: string }> {
  const env = {
    ...process.env,
    WRANGLER_BIN: fromHere("stand-in-wrangler.ts"),
    STAND_IN_ACCOUNT: accountFile,
  };
  return new Promise((resolve) => {
    const script = fromHere("../../src/cli/deploy.ts");
    execFile(process.execPath, [script, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

function read(): Account {
  return JSON.parse(readFileSync(accountFile, "utf8"));
}

function write(account: Account): void {
  writeFileSync(accountFile, JSON.stringify(account));
}
