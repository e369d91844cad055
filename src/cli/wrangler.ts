/** Wrangler as a child process: run to its end for an answer, or started to stay. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const STOP_GRACE_MS = 5_000;

const isWindows = process.platform === "win32";

export interface WranglerOptions {
  /** "inherit" shows the output as it comes, "capture" collects it and shows nothing. */
  readonly output: "inherit" | "capture";
  readonly env: Readonly<Record<string, string>> | undefined;
  /**
   * With a process group of its own, what Wrangler starts in turn can be ended with it, whatever state Wrangler is in;
   * but Ctrl-C no longer reaches it by itself, so that `stopWrangler` has to be called.
   */
  readonly ownGroup: boolean;
}

export interface WranglerResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs to the end. A command that fails is a result too; only one that cannot be started throws. */
export function runWrangler(
  args: readonly string[],
  options: WranglerOptions,
): Promise<WranglerResult> {
  return resultOf(startWrangler(args, options));
}

export async function resultOf(child: ChildProcess): Promise<WranglerResult> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return { code: await ended(child), stdout, stderr };
}

export function startWrangler(args: readonly string[], options: WranglerOptions): ChildProcess {
  const output = options.output === "inherit" ? "inherit" : "pipe";
  // WRANGLER_BIN stands in for Wrangler's own entry, in tests and where another installation is wanted.
  const entry = process.env.WRANGLER_BIN ?? `${ROOT}node_modules/wrangler/bin/wrangler.js`;
  return spawn(process.execPath, [entry, ...args], {
    cwd: ROOT,
    // No input: Wrangler then asks nothing and listens to no keys.
    stdio: ["ignore", output, output],
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", ...options.env },
    detached: options.ownGroup && !isWindows,
  });
}

/** Resolves with the exit code, and with 1 for a child that a signal ended. */
export function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

/** Resolves once the child, which has a group of its own, and all that it started are gone. */
export async function stopWrangler(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  if (child.exitCode === null && child.signalCode === null) {
    const exited = new Promise((resolve) => child.once("exit", resolve));
    signalGroup(child, "SIGTERM");
    const timer = setTimeout(() => signalGroup(child, "SIGKILL"), STOP_GRACE_MS);
    await exited;
    clearTimeout(timer);
  }
  signalGroup(child, "SIGKILL");
}

function signalGroup(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): void {
  if (child.pid === undefined) return;
  if (isWindows) {
    // Windows has no signals: the tree is ended at once.
    spawn("taskkill", ["/pid", String(child.pid), "/t", "/f"], { stdio: "ignore" });
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    const isGone = error instanceof Error && "code" in error && error.code === "ESRCH";
    if (!isGone) throw error;
  }
}
