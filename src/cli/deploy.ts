/**
 * `npm run deploy`: brings the Cloudflare account to what this checkout describes. Each step looks first and makes only
 * what is missing, so a run after a failed one goes on, and a run after a finished one changes nothing but the code.
 * With `--dry-run` it builds and bundles, and needs neither account nor network. Other arguments go to `wrangler deploy`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { experimental_readRawConfig } from "wrangler";
import { buildPage } from "./build-page.ts";
import type { SecretName } from "./secrets.ts";
import { newSecret, SECRET_NAMES } from "./secrets.ts";
import { ROOT, runWrangler } from "./wrangler.ts";

/** Ignored by git, as everything below .wrangler is. */
const GENERATED = join(ROOT, ".wrangler/generated");
const CONFIG_FILE = join(GENERATED, "wrangler.json");

/** What R2 says of a bucket that is not there. */
const NO_SUCH_BUCKET = "10006";

const args = process.argv.slice(2);

try {
  await deploy();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function deploy(): Promise<void> {
  // These would lead the steps before `wrangler deploy` to another Worker than the deployed one.
  const refused = args.find((arg) => /^(--(name|env|config)(=|$)|-[ec])/.test(arg));
  if (refused !== undefined) throw new Error(`Set the target in wrangler.toml, not by ${refused}.`);

  // A misspelt dry run would be a real one.
  const misspelt = args.find((arg) => arg.startsWith("--dry") && arg !== "--dry-run");
  if (misspelt !== undefined) throw new Error(`There is no ${misspelt}; a dry run is --dry-run.`);

  await buildPage();
  if (args.includes("--dry-run")) {
    await run(["deploy", ...args, ...(args.some(isOutdir) ? [] : ["--outdir", "dist/worker"])]);
    return;
  }

  const { rawConfig } = experimental_readRawConfig({ config: join(ROOT, "wrangler.toml") });
  const database = rawConfig.d1_databases?.[0];
  if (database?.database_name === undefined || database.migrations_dir === undefined) {
    throw new Error("wrangler.toml names no D1 database with its migrations_dir.");
  }
  const databaseId = await ensureDatabase(database.database_name);
  for (const bucket of rawConfig.r2_buckets ?? []) {
    if (bucket.bucket_name !== undefined) await ensureBucket(bucket.bucket_name);
  }
  const fromGenerated = (path: string) => relative(GENERATED, join(ROOT, path));
  const config = {
    ...rawConfig,
    main: fromGenerated(rawConfig.main ?? ""),
    assets: { ...rawConfig.assets, directory: fromGenerated(rawConfig.assets?.directory ?? "") },
    d1_databases: [
      {
        ...database,
        database_id: databaseId,
        migrations_dir: fromGenerated(database.migrations_dir),
      },
    ],
  };
  mkdirSync(GENERATED, { recursive: true });
  writeFileSync(CONFIG_FILE, `${JSON.stringify(config, null, 2)}\n`);

  // Before the code that needs them: migrations leave what the deployed code uses in place.
  await run(["d1", "migrations", "apply", database.binding, "--remote", "--config", CONFIG_FILE]);

  const made = new Map<SecretName, string>();
  const present = await secretsOf(rawConfig.name ?? "");
  for (const name of SECRET_NAMES) if (!present.has(name)) made.set(name, newSecret(name));
  try {
    await deployWith(made);
  } finally {
    // Also after a failure, which may have come after a secret was stored. Nobody can read one back from Cloudflare, and
    // without the signing keys they could never be rotated: a new key has to be put in front of those in use.
    for (const [name, secret] of made) console.log(`${name}, shown this once: ${secret}`);
  }
}

async function ensureDatabase(name: string): Promise<string> {
  const existing = await databaseId(name);
  if (existing !== undefined) return existing;
  await run(["d1", "create", name]);
  const created = await databaseId(name);
  if (created === undefined)
    throw new Error(`The new database ${name} is not in the list yet: run again.`);
  return created;
}

async function databaseId(name: string): Promise<string | undefined> {
  const { code, stdout, stderr } = await capture(["d1", "list", "--json"]);
  if (code !== 0) {
    throw new Error(
      `${stdout}${stderr}\nThe account's databases could not be listed. Log in with "npx wrangler login", or set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID.`,
    );
  }
  return named(JSON.parse(stdout)).find((database) => database.name === name)?.uuid;
}

async function ensureBucket(name: string): Promise<void> {
  const { code, stdout, stderr } = await capture(["r2", "bucket", "info", name, "--json"]);
  if (code === 0) return;
  if (!`${stdout}${stderr}`.includes(NO_SUCH_BUCKET)) {
    throw new Error(
      `${stdout}${stderr}\nThe bucket ${name} could not be looked up. If R2 is not enabled for the account yet, enable it in Cloudflare's dashboard.`,
    );
  }
  await run(["r2", "bucket", "create", name]);
}

/** Names only: Cloudflare shows no secret's value again. */
async function secretsOf(worker: string): Promise<Set<string>> {
  const { code, stdout, stderr } = await capture(["secret", "list", "--config", CONFIG_FILE]);
  if (code === 0) return new Set(named(JSON.parse(stdout)).map((secret) => secret.name));
  // Anything but "there is no such Worker yet" has to stop here: new signing keys would end every session.
  if (`${stdout}${stderr}`.includes(`Worker "${worker}" not found`)) return new Set();
  throw new Error(`${stdout}${stderr}\nThe Worker's secrets could not be listed.`);
}

/** New secrets go up together with the code: at no time does a Worker run without them. */
async function deployWith(secrets: ReadonlyMap<SecretName, string>): Promise<void> {
  const command = ["deploy", "--config", CONFIG_FILE, ...args];
  if (secrets.size === 0) {
    await run(command);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "durable-sessions-"));
  try {
    const file = join(folder, "secrets.json");
    writeFileSync(file, JSON.stringify(Object.fromEntries(secrets)), { mode: 0o600 });
    await run([...command, "--secrets-file", file]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function run(command: readonly string[]): Promise<void> {
  const { code } = await runWrangler(command, {
    output: "inherit",
    env: undefined,
    ownGroup: false,
  });
  if (code !== 0) throw new Error(`wrangler ${command.slice(0, 3).join(" ")} failed, see above.`);
}

function capture(command: readonly string[]) {
  return runWrangler(command, { output: "capture", env: undefined, ownGroup: false });
}

function isOutdir(arg: string): boolean {
  return arg === "--outdir" || arg.startsWith("--outdir=");
}

interface Named {
  readonly name: string;
  readonly uuid: string | undefined;
}

function named(json: unknown): Named[] {
  if (!Array.isArray(json)) throw new Error(`Wrangler answered no list: ${JSON.stringify(json)}`);
  return json.map((entry: { name: string; uuid?: string }) => ({
    name: entry.name,
    uuid: entry.uuid,
  }));
}
