// A server that is killed again and again, and begins each time with what was on disk.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { builtWorker } from "../../support/built-worker.ts";
import { killTree } from "../../support/server.ts";

const SERVE = fileURLToPath(new URL("serve.ts", import.meta.url));

export class KillableServer {
  /** Of its storage, as miniflare keeps it. */
  readonly state: string;
  origin = "";
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.state = join(folder, "state");
  }

  /** Bundles the Worker; it does not run yet. */
  static async make(): Promise<KillableServer> {
    const server = new KillableServer(mkdtempSync(join(tmpdir(), "durable-sessions-kill-")));
    const options = await builtWorker(join(server.#folder, "bundle"));
    writeFileSync(join(server.#folder, "bundle", "options.json"), JSON.stringify(options));
    return server;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [SERVE, join(this.#folder, "bundle"), this.state], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    const endWithUs = () => child.kill("SIGKILL");
    process.once("exit", endWithUs);
    child.once("exit", () => process.off("exit", endWithUs));
    let output = "";
    this.origin = await new Promise<string>((resolve, reject) => {
      const look = (chunk: Buffer) => {
        output += chunk;
        const origin = /READY (\S+)/.exec(output)?.[1];
        if (origin !== undefined) resolve(origin);
      };
      child.stdout?.on("data", look);
      child.stderr?.on("data", look);
      child.once("exit", () => reject(new Error(`the server did not start:\n${output}`)));
    });
  }

  /** SIGKILL for it and its workerd, in the middle of whatever they do. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const isOver = child.exitCode !== null || child.signalCode !== null;
    await Promise.all([isOver || once(child, "exit"), killTree(child)]);
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
