/** Types of what test/vitest.config.ts adds to the Worker's own bindings. */
type WorkerEnv = Env;

declare namespace Cloudflare {
  interface Env extends WorkerEnv {
    /** Seeds of test/objects/log-under-faults.test.ts, `first-last`. */
    readonly LOG_SEEDS: string;
    readonly TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
    readonly CALLING_WORKER: Service & {
      call(
        binding: "SESSIONS" | "SESSIONS_WITHOUT_PROPS",
        method: string,
        ...args: readonly unknown[]
      ): Promise<unknown>;
    };
  }

  /** Types `exports` of `cloudflare:workers`. */
  interface GlobalProps {
    mainModule: typeof import("../../src/worker.ts");
    durableNamespaces: "SessionObject" | "LimiterObject";
  }
}
