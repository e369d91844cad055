// The package as a project gets it: what `npm pack` puts into the tarball, in the node_modules of a folder of its own.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import packageJson from "../../package.json" with { type: "json" };
import type { Bundle } from "./bundle.ts";
import { bundle } from "./bundle.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What the package is made of. */
const SOURCES = ["package.json", "tsconfig.json", "README.md", "LICENSE", "src", "client"];

async function copyCheckout(folder: string): Promise<void> {
  for (const name of SOURCES) {
    await cp(join(ROOT, name), join(folder, name), { recursive: true });
  }
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
}

export class InstalledPackage {
  readonly tarball: Uint8Array<ArrayBuffer>;
  readonly #folder: string;

  private constructor(folder: string, tarball: Uint8Array<ArrayBuffer>) {
    this.#folder = folder;
    this.tarball = tarball;
  }

  /** The caller removes it. Nothing is downloaded: what it depends on is this repository's. */
  static async install(): Promise<InstalledPackage> {
    const folder = await mkdtemp(join(tmpdir(), "durable-sessions-package-"));
    const checkout = join(folder, "checkout");
    await copyCheckout(checkout);
    // `prepack` builds it, apart from the checkout: others read there what is built.
    const packed = await run("npm", ["pack", "--json", "--pack-destination", folder], {
      cwd: checkout,
      shell: process.platform === "win32",
    });
    const [{ filename }] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf("[")));
    const target = join(folder, "node_modules/durable-sessions");
    await mkdir(target, { recursive: true });
    await run("tar", ["-xzf", join(folder, filename), "-C", target, "--strip-components", "1"]);
    const { dependencies, peerDependencies } = packageJson;
    // Solid's own types need one package more.
    for (const dependency of [
      ...Object.keys({ ...dependencies, ...peerDependencies }),
      "csstype",
    ]) {
      const installed = join(ROOT, "node_modules", dependency);
      await symlink(installed, join(folder, "node_modules", dependency), "junction");
    }
    await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    return new InstalledPackage(folder, new Uint8Array(await readFile(join(folder, filename))));
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** What a program says that is run by Node in the folder. */
  async run(program: string): Promise<string> {
    const args = ["--input-type=module", "--eval", program];
    const { stdout } = await run(process.execPath, args, { cwd: this.#folder });
    return stdout;
  }

  /** What TypeScript complains of in a program, with every type of the libraries checked too. */
  complaints(program: string, options: readonly string[]): Promise<string> {
    return this.complaintsOf({ "program.ts": program }, options);
  }

  /** The same for several programs at once, each under the name of its file. */
  async complaintsOf(
    programs: Readonly<Record<string, string>>,
    options: readonly string[],
  ): Promise<string> {
    for (const [name, program] of Object.entries(programs)) {
      await writeFile(join(this.#folder, name), program);
    }
    const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
    const args = [compiler, "--noEmit", "--strict", "--target", "es2022", "--types", ""];
    const outcome = run(process.execPath, [...args, ...options, ...Object.keys(programs)], {
      cwd: this.#folder,
    });
    return await outcome.then(
      ({ stdout }) => stdout,
      (error: { readonly stdout: string }) => error.stdout,
    );
  }

  /** A program's JavaScript, minified. What is named `apart` stays an import. */
  async bundle(program: string, apart: readonly string[] = []): Promise<Bundle> {
    await writeFile(join(this.#folder, "program.js"), program);
    return await bundle("program.js", { root: this.#folder, apart });
  }
}
