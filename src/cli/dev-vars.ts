/** `.dev.vars`: the secrets that `wrangler dev` gives to the local Worker, and what it may do here alone. */
import { randomUUID } from "node:crypto";
import { appendFileSync, linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { parseEnv } from "node:util";
import type { SecretName } from "./secrets.ts";
import { newSecret, SECRET_NAMES } from "./secrets.ts";

/** Webhooks may then point to this machine; see docs/events.md. */
const LOCAL_WEBHOOKS = "LOCAL_WEBHOOKS=allowed\n";

/**
 * Reads the secrets of the file, which is made first if it is absent. Starts that race for it all get the same secrets:
 * a complete file is linked into place, and the link fails where one is there already.
 */
export function ensureDevVars(path: string): Record<SecretName, string> {
  const staged = `${path}.${randomUUID()}`;
  const lines = SECRET_NAMES.map((name) => `${name}=${newSecret(name)}\n`);
  writeFileSync(staged, lines.join("") + LOCAL_WEBHOOKS, { mode: 0o600 });
  try {
    linkSync(staged, path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    rmSync(staged);
  }

  const text = readFileSync(path, "utf8");
  const vars = parseEnv(text);
  // Two starts that both add it do no harm. Whoever does not want it says so: LOCAL_WEBHOOKS=refused.
  if (vars.LOCAL_WEBHOOKS === undefined) {
    appendFileSync(path, text.endsWith("\n") ? LOCAL_WEBHOOKS : `\n${LOCAL_WEBHOOKS}`);
  }
  const required = (name: SecretName): string => {
    const value = vars[name];
    if (value === undefined || value === "") {
      throw new Error(`${path} has no ${name}: add it, or delete the file to have a new one made.`);
    }
    return value;
  };
  return { ADMIN_TOKEN: required("ADMIN_TOKEN"), SIGNING_KEYS: required("SIGNING_KEYS") };
}
