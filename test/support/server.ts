/** The product as a user starts it, `npm start`, on a port and a state of its own. */
import type { ChildProcess } from "node:child_process";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DEMO_TEAM_ID } from "../../src/cli/demo-team.ts";
import { ROOT } from "../../src/cli/wrangler.ts";
import type { LocalTeam } from "./local-team.ts";

const READY = /Operator\s+(\S+)[\s\S]*Team key\s+(sk_\S+)/;

/** With the team that `npm start` makes, `demo`. */
export interface LocalServer extends LocalTeam {
  /** The folder of all that is stored. */
  readonly state: string;
  /** SIGKILL for the server and all that it started: nobody gets to say goodbye. */
  kill(): Promise<void>;
  /** Starts what was killed on the same port and state. */
  start(): Promise<void>;
  /** Ends it and removes its state. */
  close(): Promise<void>;
}

/**
 * Resolves once the page can be opened; the caller closes it.
 * @param options.bot whether the demo bot answers; most tests want to be alone with the page
 */
export async function startServer(
  options: { readonly bot: boolean } = { bot: false },
): Promise<LocalServer> {
  const port = await freePort();
  const state = await mkdtemp(join(tmpdir(), "durable-sessions-"));
  let running = await run(port, state, options.bot);
  const kill = async () => {
    await Promise.all([exited(running.child), killTree(running.child)]);
  };
  return {
    teamId: DEMO_TEAM_ID,
    origin: `http://localhost:${port}`,
    pageUrl: `http://localhost:${port}/`,
    teamKey: running.teamKey,
    operatorUrl: running.operatorUrl,
    state,
    kill,
    async start() {
      running = await run(port, state, options.bot);
    },
    async close() {
      running.child.kill("SIGTERM");
      await exited(running.child);
      await rm(state, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly teamKey: string;
  readonly operatorUrl: string;
}

/** What `npm start` runs, without npm between: a signal then reaches it on every system. */
async function run(port: number, state: string, bot: boolean): Promise<Running> {
  const args = ["src/cli/start.ts", "--port", String(port), "--persist-to", state];
  if (!bot) args.push("--no-bot");
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  // A run that is cut short, by a time limit or from outside, comes to no close().
  const endWithUs = () => child.kill("SIGTERM");
  process.once("exit", endWithUs);
  child.once("exit", () => process.off("exit", endWithUs));
  let output = "";
  const printed = await new Promise<Omit<Running, "child">>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk;
      const [, operatorUrl, teamKey] = READY.exec(output) ?? [];
      if (operatorUrl !== undefined && teamKey !== undefined) {
        resolve({ teamKey, operatorUrl });
      }
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`The server did not start:\n${output}`)));
  });
  return { child, ...printed };
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    await once(child, "exit");
  }
}

/** SIGKILL for a process and all that it started. */
export async function killTree(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) {
    return;
  }
  if (process.platform === "win32") {
    await promisify(execFile)("taskkill", ["/pid", String(child.pid), "/t", "/f"]);
    return;
  }
  for (const pid of [...(await descendants(child.pid)), child.pid]) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Its parent's end was its own.
    }
  }
}

async function descendants(root: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid="]);
  const children = new Map<number, number[]>();
  for (const line of stdout.trim().split("\n")) {
    const [pid = 0, parent = 0] = line.trim().split(/\s+/).map(Number);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const below = (pid: number): number[] =>
    (children.get(pid) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(root);
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
