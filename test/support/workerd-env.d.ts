/** Types of what test/vitest.config.ts adds to the Worker's own bindings. */
type WorkerEnv = Env;

declare namespace Cloudflare {
  interface Env extends WorkerEnv {
    /** Seeds of test/objects/events-under-faults.test.ts, `first-last`. */
    readonly EVENT_SEEDS: string;
    /** How many of test/routes/hostile-bodies.test.ts and bad-frames.test.ts. */
    readonly HOSTILE_CASES: string;
    /** Of the cases to run again; empty for new ones. */
    readonly HOSTILE_SEED: string;
    /** How many of test/objects/lives.test.ts. */
    readonly LIVES: string;
    /** Of the life to live again, or `first-last`; empty for all. */
    readonly LIVES_SEED: string;
    /** Seeds of test/objects/log-under-faults.test.ts, `first-last`. */
    readonly LOG_SEEDS: string;
    readonly TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
    /** See test/service/event-receivers.ts. */
    readonly INTERNET: Fetcher;
    readonly CALLING_WORKER: Service & {
      /** `binding`: one of those in test/service/calling-worker.ts. */
      call(binding: string, method: string, ...args: readonly unknown[]): Promise<unknown>;
    };
  }

  /** Types `exports` of `cloudflare:workers`. */
  interface GlobalProps {
    mainModule: typeof import("../../src/worker.ts");
    durableNamespaces: "SessionObject" | "LimiterObject" | "MonitorObject";
  }
}
