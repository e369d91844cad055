/**
 * Three places to run in: Node for what is pure, workerd for what touches the platform, a browser for the whole.
 * They run in that order, the cheap ones first. (Vitest moves a groupOrder of 0, its default, behind the others.)
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { callingWorker } from "./service/calling-worker.ts";
import { turnstileStandIn } from "./service/turnstile-stand-in.ts";
import { TEST_ADMIN_TOKEN, TEST_SIGNING_KEYS } from "./support/test-env.ts";

const fromRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const root = fromRoot(".");

export default defineConfig({
  root,
  test: {
    // What is logged on the way is shown of tests that fail.
    silent: "passed-only",
    reporters: ["default", fromRoot("test/support/totals-reporter.ts")],
    projects: [
      {
        root,
        test: {
          name: "unit",
          environment: "node",
          sequence: { groupOrder: 1 },
          include: [
            "test/imports.test.ts",
            "test/{domain,protocol,schemas,client,cli}/**/*.test.{ts,tsx}",
          ],
        },
      },
      {
        root,
        plugins: [
          cloudflareTest(async () => {
            // The assets binding wants the directory to exist; no test in workerd needs the page in it.
            mkdirSync(fromRoot("dist/pages"), { recursive: true });
            return {
              wrangler: { configPath: fromRoot("wrangler.toml") },
              miniflare: {
                bindings: {
                  ADMIN_TOKEN: TEST_ADMIN_TOKEN,
                  SIGNING_KEYS: TEST_SIGNING_KEYS,
                  HOSTILE_CASES: process.env.HOSTILE_CASES ?? "2000",
                  HOSTILE_SEED: process.env.HOSTILE_SEED ?? "",
                  LOG_SEEDS: process.env.LOG_SEEDS ?? "1-3",
                  TEST_MIGRATIONS: await readD1Migrations(fromRoot("migrations/index")),
                },
                serviceBindings: { CALLING_WORKER: callingWorker.name },
                workers: [callingWorker, turnstileStandIn],
                outboundService: turnstileStandIn.name,
              },
            };
          }),
        ],
        test: {
          name: "workerd",
          include: ["test/{objects,routes,session-index,service}/**/*.test.ts"],
          setupFiles: ["test/support/apply-migrations.ts", "test/support/search-for-secrets.ts"],
          sequence: { groupOrder: 2 },
          testTimeout: 30_000,
        },
      },
      {
        root,
        test: {
          name: "e2e",
          environment: "node",
          include: ["test/e2e/**/*.test.ts"],
          sequence: { groupOrder: 3 },
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
