/** A command of src/cli as a user runs it. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const CLI = new URL("../../src/cli/", import.meta.url);

export interface Ran {
  readonly code: number;
  readonly output: string;
}

/** Runs `name` with `args` to its end; a failure is a result too. */
export function runCommand(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ran> {
  const script = fileURLToPath(new URL(`${name}.ts`, CLI));
  const options = { env: { PATH: process.env.PATH ?? "", ...env } };
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr });
    });
  });
}
