/**
 * Three places to run in: Node for what is pure, workerd for what touches the platform, a browser for the whole.
 * They run in that order, the cheap ones first. (Vitest moves a groupOrder of 0, its default, behind the others.)
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { callingWorker } from "./service/calling-worker.ts";
import { internet } from "./service/event-receivers.ts";
import { turnstileStandIn } from "./service/turnstile-stand-in.ts";
import { TEST_ADMIN_TOKEN, TEST_SIGNING_KEYS } from "./support/test-env.ts";

const fromRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const root = fromRoot(".");

interface Others {
  readonly bindings: Readonly<Record<string, string | { name: string; entrypoint: string }>>;
  readonly workers: readonly (typeof callingWorker)[];
}

/** The Worker under test, bound to others beside those that every test has. */
function worker({ bindings, workers }: Others) {
  return cloudflareTest(async () => {
    // The assets binding wants the directory to exist; no test in workerd needs the page in it.
    mkdirSync(fromRoot("dist/pages"), { recursive: true });
    return {
      wrangler: { configPath: fromRoot("wrangler.toml") },
      miniflare: {
        bindings: {
          ADMIN_TOKEN: TEST_ADMIN_TOKEN,
          SIGNING_KEYS: TEST_SIGNING_KEYS,
          // Whatever `npm start` has left in .dev.vars.
          LOCAL_WEBHOOKS: "refused",
          EVENT_SEEDS: process.env.EVENT_SEEDS ?? "1-3",
          HOSTILE_CASES: process.env.HOSTILE_CASES ?? "2000",
          HOSTILE_SEED: process.env.HOSTILE_SEED ?? "",
          LIVES: process.env.LIVES ?? "200",
          LIVES_SEED: process.env.LIVES_SEED ?? "",
          LOG_SEEDS: process.env.LOG_SEEDS ?? "1-3",
          TEST_MIGRATIONS: await readD1Migrations(fromRoot("migrations/index")),
        },
        serviceBindings: { INTERNET: internet.name, ...bindings },
        workers: [turnstileStandIn, internet, ...workers],
        outboundService: internet.name,
      },
    };
  });
}

const CALLED: Others = {
  bindings: { CALLING_WORKER: callingWorker.name },
  workers: [callingWorker],
};

/** What it costs that somebody hears of all events is asked for in tests of that, and nowhere else. */
const HEARD: Others = {
  bindings: { APP: { name: internet.name, entrypoint: "SessionEvents" } },
  workers: [],
};

const IN_WORKERD = {
  setupFiles: ["test/support/apply-migrations.ts", "test/support/search-for-secrets.ts"],
  testTimeout: 30_000,
};

export default defineConfig({
  root,
  test: {
    // What is logged on the way is shown of tests that fail.
    silent: "passed-only",
    reporters: ["default", fromRoot("test/support/totals-reporter.ts")],
    // By default one core is left to Vitest itself: half of a machine that has two, and tests wait more than they work.
    maxWorkers: "100%",
    projects: [
      {
        root,
        test: {
          name: "unit",
          environment: "node",
          sequence: { groupOrder: 1 },
          include: [
            "test/{imports,log}.test.ts",
            "test/{domain,delivery,protocol,schemas,client,cli}/**/*.test.{ts,tsx}",
          ],
        },
      },
      {
        root,
        plugins: [worker(CALLED)],
        test: {
          ...IN_WORKERD,
          name: "workerd",
          include: ["test/{objects,routes,session-index,service}/**/*.test.ts"],
          sequence: { groupOrder: 2 },
        },
      },
      {
        root,
        plugins: [worker(HEARD)],
        test: {
          ...IN_WORKERD,
          name: "with-app",
          include: ["test/with-app/**/*.test.ts"],
          sequence: { groupOrder: 2 },
        },
      },
      {
        root,
        test: {
          name: "e2e",
          environment: "node",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: "test/e2e/global-setup.ts",
          sequence: { groupOrder: 3 },
          // Beside the one server that they share; more would make those that kill one wait for its next start too long.
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
