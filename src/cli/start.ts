/**
 * `npm start`: the whole product on this machine, from nothing, with a bot that answers unless `--no-bot` is given. Other
 * arguments are those of `wrangler dev`; with `--port` and `--persist-to` of its own, a start shares no state and no port
 * with any other.
 */
import type { ChildProcess } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildPage } from "./build-page.ts";
import { withDemoBot } from "./demo-bot.ts";
import { DEMO_TEAM_ID, ensureDemoTeam } from "./demo-team.ts";
import { ensureDevVars } from "./dev-vars.ts";
import type { WranglerOptions } from "./wrangler.ts";
import { ended, ROOT, resultOf, startWrangler, stopWrangler } from "./wrangler.ts";

const DEFAULT_PORT = 8787;
const DEFAULT_IP = "127.0.0.1";
const HEALTHY_WITHIN_MS = 120_000;
const HEALTH_POLL_MS = 200;
const PARENT_POLL_MS = 500;

const NO_BOT = "--no-bot";

const args = process.argv.slice(2).filter((arg) => arg !== NO_BOT);
const port = Number(option("--port") ?? DEFAULT_PORT);
const ip = option("--ip") ?? DEFAULT_IP;
const persistTo = option("--persist-to");
// A configuration of one's own says itself what is bound.
const hasBot = !process.argv.includes(NO_BOT) && (option("--config") ?? option("-c")) === undefined;
const stateFolder = resolve(ROOT, persistTo ?? ".wrangler/state");

let current: ChildProcess | undefined;
let stopping = false;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => void stop(0));
}

// npm does not hand a signal on through the shell that it runs scripts in: what is left to see is the parent's end.
const parent = process.ppid;
if (process.env.npm_lifecycle_event !== undefined) {
  setInterval(() => {
    if (process.ppid !== parent) void stop(0);
  }, PARENT_POLL_MS).unref();
}

try {
  await start();
} catch (error) {
  // What was interrupted by a stop fails, and is no news.
  if (!stopping) {
    console.error(`\n${error instanceof Error ? error.message : error}`);
    await stop(1);
  }
}

async function start(): Promise<void> {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Error(`--port takes a number from 1 to 65535, not "${option("--port")}".`);
  }
  await checkPortIsFree();
  mkdirSync(stateFolder, { recursive: true });
  const devVars = join(ROOT, ".dev.vars");
  const { ADMIN_TOKEN } = ensureDevVars(devVars);
  await Promise.all([buildPage(), applyMigrations()]);

  const worker = wrangler(
    [
      "dev",
      ...args,
      ...(hasBot ? withDemoBot(stateFolder, devVars) : []),
      ...unlessGiven("--persist-to", stateFolder),
      ...unlessGiven("--port", String(port)),
      ...unlessGiven("--ip", ip),
      // The usual inspector port would be taken by a second start; 0 is any free one.
      ...unlessGiven("--inspector-port", "0"),
    ],
    "inherit",
  );
  const died = ended(worker).then((code) => {
    throw new Error(`The local Worker ended by itself (exit code ${code}).`);
  });
  const origin = `http://${ip === DEFAULT_IP ? DEFAULT_IP : "localhost"}:${port}`;
  await Promise.race([died, healthy(origin)]);
  const keyFile = join(stateFolder, "demo-team-key");
  const team = await Promise.race([died, ensureDemoTeam(origin, ADMIN_TOKEN, keyFile)]);

  console.log(`
  Page      http://localhost:${port}/
  Operator  http://localhost:${port}/dashboard${team.operatorFragment}
  Team      ${DEMO_TEAM_ID}
  Team key  ${team.key}
`);
  await died;
}

async function applyMigrations(): Promise<void> {
  const where = persistTo === undefined ? [] : ["--persist-to", persistTo];
  const child = wrangler(["d1", "migrations", "apply", "INDEX_DB", "--local", ...where], "capture");
  const { code, stdout, stderr } = await resultOf(child);
  if (code !== 0) {
    throw new Error(`The migrations of the local database failed:\n${stdout}${stderr}`);
  }
}

function wrangler(command: readonly string[], output: WranglerOptions["output"]): ChildProcess {
  if (stopping) throw new Error("Stopped.");
  current = startWrangler(command, {
    output,
    ownGroup: true,
    env: {
      // `request.cf` is then a placeholder at once, instead of after a request to the internet.
      CLOUDFLARE_CF_FETCH_ENABLED: process.env.CLOUDFLARE_CF_FETCH_ENABLED ?? "false",
      // Local Workers find each other by name through this folder; two starts have the same name.
      WRANGLER_REGISTRY_PATH: process.env.WRANGLER_REGISTRY_PATH ?? join(stateFolder, "registry"),
    },
  });
  return current;
}

async function healthy(origin: string): Promise<void> {
  const deadline = Date.now() + HEALTHY_WITHIN_MS;
  while (Date.now() < deadline) {
    const response = await fetch(`${origin}/api/health`, {
      signal: AbortSignal.timeout(HEALTH_POLL_MS * 10),
    }).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.status === 200) return;
    await sleep(HEALTH_POLL_MS);
  }
  throw new Error(`${origin}/api/health did not answer 200 within ${HEALTHY_WITHIN_MS / 1000} s.`);
}

function checkPortIsFree(): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (cause: NodeJS.ErrnoException) => {
      const reason =
        cause.code === "EADDRINUSE"
          ? `Port ${port} is in use. Stop what uses it, or start apart from it, with a port and a folder of its own:\n  npm start -- --port ${port + 1} --persist-to .wrangler/state-${port + 1}`
          : `Port ${port} of ${ip} cannot be used: ${cause.message}`;
      reject(new Error(reason, { cause }));
    });
    probe.listen({ port, host: ip, exclusive: true }, () => probe.close(() => resolve()));
  });
}

async function stop(exitCode: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  if (current !== undefined) await stopWrangler(current);
  process.exit(exitCode);
}

/** The value of `--name value` or `--name=value`. */
function option(name: string): string | undefined {
  const index = args.findIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  const arg = args[index];
  if (arg === undefined) return undefined;
  return arg === name ? args[index + 1] : arg.slice(name.length + 1);
}

function unlessGiven(name: string, value: string): string[] {
  return option(name) === undefined ? [name, value] : [];
}
