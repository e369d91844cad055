// A session's way to the monitor: what does not come through is reported behind whatever goes on, seldom, and whether it
// gets there is nobody's concern.

import {
  MONITOR_NAME,
  REPORT_INTERVAL_MS,
  REPORTED_FROM_ATTEMPT,
  type Trouble,
  type TroubleReport,
} from "../src/domain/trouble.ts";
import { log } from "../src/log.ts";
import { within } from "../src/session-index/timeout.ts";
import type { MonitorObject } from "./monitor.ts";

const PATIENCE_MS = 2_000;

type Monitor = Pick<MonitorObject, "report" | "resolved">;

export class Troubles {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  /** When each was last reported; forgotten with an eviction, and then it may be told once more. */
  readonly #reportedAt = new Map<Trouble, number>();

  constructor(ctx: DurableObjectState, env: Env) {
    this.#ctx = ctx;
    this.#env = env;
  }

  report(report: TroubleReport, now: number): void {
    const last = this.#reportedAt.get(report.kind);
    if (last !== undefined && now - last < REPORT_INTERVAL_MS) return;
    this.#reportedAt.set(report.kind, now);
    this.#tell((monitor, session) => monitor.report(session, report));
  }

  /** It came through, after so many attempts that failed. */
  resolved(kind: Trouble, attempts: number): void {
    if (attempts < REPORTED_FROM_ATTEMPT && !this.#reportedAt.has(kind)) return;
    this.#reportedAt.delete(kind);
    this.#tell((monitor, session) => monitor.resolved(session, kind));
  }

  #tell(call: (monitor: Monitor, session: string) => Promise<void>): void {
    const told = (async () => {
      const monitor = this.#env.MONITOR.getByName(MONITOR_NAME) as unknown as Monitor;
      // The object's own id: unlike the session's, it addresses nothing that can be called from outside.
      await within(PATIENCE_MS, call(monitor, this.#ctx.id.toString()));
    })().catch((error: unknown) => {
      log.warn({ event: "monitor_down", error: String(error) });
    });
    this.#ctx.waitUntil(told);
  }
}
