/** The Worker as it is deployed, bundled by Wrangler, for a Miniflare of one's own. */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Miniflare, V4WorkerOptions } from "miniflare";
import { ROOT, resultOf, startWrangler } from "../../src/cli/wrangler.ts";
import { TEST_ADMIN_TOKEN, TEST_SIGNING_KEYS } from "./test-env.ts";

const MIGRATIONS = join(ROOT, "migrations/index");

const config = readFileSync(join(ROOT, "wrangler.toml"), "utf8");

/** What the runtime is told in wrangler.toml. */
export const RUNTIME = {
  compatibilityDate: /^compatibility_date = "(.+)"$/m.exec(config)?.[1] ?? "",
  compatibilityFlags: [
    ...(/^compatibility_flags = (\[.*\])$/m.exec(config)?.[1] ?? "").matchAll(/"(.+?)"/g),
  ].map(([, flag = ""]) => flag),
};

/** @param folder for the bundle; it is made, and is the caller's to remove */
export async function builtWorker(folder: string) {
  // The page is no part of this, and need not have been built.
  const pages = join(folder, "pages");
  mkdirSync(pages, { recursive: true });
  const { code, stderr } = await resultOf(
    startWrangler(["deploy", "--dry-run", "--outdir", folder, "--assets", pages], {
      output: "capture",
      env: undefined,
      ownGroup: false,
    }),
  );
  if (code !== 0) throw new Error(`the Worker could not be bundled:\n${stderr}`);
  const names = readdirSync(folder);
  return {
    ...RUNTIME,
    name: "ours",
    modulesRoot: folder,
    modules: [
      { type: "ESModule" as const, path: join(folder, "worker.js") },
      ...names
        .filter((name) => name.endsWith(".sql"))
        .map((name) => ({ type: "Text" as const, path: join(folder, name) })),
    ],
    bindings: { ADMIN_TOKEN: TEST_ADMIN_TOKEN, SIGNING_KEYS: TEST_SIGNING_KEYS },
    durableObjects: {
      SESSIONS: { className: "SessionObject", useSQLite: true },
      LIMITERS: { className: "LimiterObject", useSQLite: true },
      MONITOR: { className: "MonitorObject", useSQLite: true },
    },
    d1Databases: { INDEX_DB: "ours" },
    r2Buckets: { BUCKET: "ours" },
  } satisfies V4WorkerOptions;
}

export type Database = Awaited<ReturnType<Miniflare["getD1Database"]>>;

export async function migrate(database: Database): Promise<void> {
  const files = readdirSync(MIGRATIONS).filter((name) => name.endsWith(".sql"));
  for (const file of files.sort()) {
    const statements = readFileSync(join(MIGRATIONS, file), "utf8").split(
      "--> statement-breakpoint",
    );
    await database.batch(statements.map((statement) => database.prepare(statement)));
  }
}
