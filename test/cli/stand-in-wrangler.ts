/**
 * Answers the Wrangler commands that `npm run deploy` gives, from an account that is a JSON file. What it prints and how
 * it fails follows Wrangler 4.155.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";

export interface Account {
  buckets: string[];
  /** Makes R2 refuse everything, as it does before it is enabled for an account. */
  isR2Off: boolean;
  databases: { name: string; uuid: string; migrations: string[] }[];
  /** By the name of the Worker. */
  workers: Record<string, { secrets: Record<string, string>; deployments: number }>;
  /** Makes `secret list` fail, as Cloudflare's API does at times. */
  secretListFails: boolean;
  commands: string[];
}

if (import.meta.main) answer(process.env.STAND_IN_ACCOUNT ?? "", process.argv.slice(2));

function answer(accountFile: string, args: string[]): void {
  const account: Account = JSON.parse(readFileSync(accountFile, "utf8"));
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      config: { type: "string" },
      json: { type: "boolean" },
      remote: { type: "boolean" },
      "secrets-file": { type: "string" },
    },
  });
  const command = positionals.join(" ");
  account.commands.push(command);
  try {
    if (command === "d1 list") {
      console.log(JSON.stringify(account.databases.map(({ name, uuid }) => ({ uuid, name }))));
    } else if (command.startsWith("d1 create ")) {
      const name = positionals[2]!;
      account.databases.push({ name, uuid: crypto.randomUUID(), migrations: [] });
    } else if (command.startsWith("r2 bucket ")) {
      r2(account, positionals[2]!, positionals[3]!);
    } else if (command === "d1 migrations apply INDEX_DB") {
      migrate(account, values.config!);
    } else if (command === "secret list") {
      if (account.secretListFails) throw new Error("A request to the Cloudflare API failed.");
      const { name } = readConfig(values.config!);
      const worker = account.workers[name];
      if (worker === undefined) throw new Error(`Worker "${name}" not found.`);
      console.log(JSON.stringify(Object.keys(worker.secrets).map((secret) => ({ name: secret }))));
    } else if (command === "deploy") {
      deploy(account, values.config!, values["secrets-file"]);
    } else {
      throw new Error(`The stand-in does not know: wrangler ${args.join(" ")}`);
    }
  } catch (error) {
    console.error(`✘ [ERROR] ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
  writeFileSync(accountFile, JSON.stringify(account));
}

function migrate(account: Account, configFile: string): void {
  const config = readConfig(configFile);
  const [bound] = config.d1_databases;
  const database = account.databases.find(({ uuid }) => uuid === bound?.database_id);
  if (bound === undefined || database === undefined) throw new Error("No such database.");
  const folder = resolve(dirname(configFile), bound.migrations_dir);
  const files = readdirSync(folder).filter((file) => file.endsWith(".sql"));
  database.migrations = [...new Set([...database.migrations, ...files])];
}

function r2(account: Account, action: string, name: string): void {
  if (account.isR2Off) throw new Error("Please enable R2 through the Dashboard. [code: 10042]");
  const isThere = account.buckets.includes(name);
  if (action === "info" && !isThere) {
    throw new Error("The specified bucket does not exist. [code: 10006]");
  }
  if (action === "create" && isThere) throw new Error("The bucket exists already. [code: 10004]");
  if (action === "create") account.buckets.push(name);
}

function deploy(account: Account, configFile: string, secretsFile: string | undefined): void {
  const config = readConfig(configFile);
  for (const { bucket_name: name } of config.r2_buckets) {
    if (!account.buckets.includes(name)) throw new Error(`There is no bucket ${name}.`);
  }
  for (const path of [config.main, config.assets.directory]) {
    if (!existsSync(resolve(dirname(configFile), path))) throw new Error(`${path} is missing.`);
  }
  account.workers[config.name] ??= { secrets: {}, deployments: 0 };
  const worker = account.workers[config.name]!;
  worker.deployments += 1;
  if (secretsFile !== undefined) {
    Object.assign(worker.secrets, JSON.parse(readFileSync(secretsFile, "utf8")));
  }
}

interface Config {
  name: string;
  main: string;
  assets: { directory: string };
  r2_buckets: { bucket_name: string }[];
  d1_databases: { database_id: string; migrations_dir: string }[];
}

function readConfig(file: string): Config {
  return JSON.parse(readFileSync(file, "utf8"));
}
