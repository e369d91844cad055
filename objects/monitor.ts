// Where sessions report what does not come through, in one object for all: the figures of `metrics`. It holds no ids of
// sessions, and nothing that is not forgotten within a day.
import { DurableObject } from "cloudflare:workers";
import { reportTtlMs, TROUBLES, type Trouble, type TroubleReport } from "../src/domain/trouble.ts";
import { MonitorStore } from "./monitor-store.ts";

/** Bounds what an outage of everything stores here; from then on the figures are at least what they say. */
const MAX_REPORTS = 10_000;

/** What there is of one kind. */
export interface TroubleFigures {
  readonly kind: Trouble;
  readonly sessions: number;
  /** Of all sessions together. */
  readonly waiting: number;
  /** Epoch milliseconds; null where there is none. */
  readonly oldestSince: number | null;
  readonly reports: number;
}

export interface MonitorFigures {
  readonly troubles: readonly TroubleFigures[];
  /** Whether there may be more than it has room for. */
  readonly isFull: boolean;
}

export class MonitorObject extends DurableObject<Env> {
  readonly #store = new MonitorStore(this.ctx.storage.sql);

  /** @param session a name for it that tells nobody which it is */
  async report(session: string, report: TroubleReport): Promise<void> {
    const now = Date.now();
    if (this.#store.count() >= MAX_REPORTS) this.#forget(now);
    if (this.#store.count() >= MAX_REPORTS && !this.#store.has(session, report.kind)) return;
    this.#store.save(session, report, now);
    const expiry = now + reportTtlMs(report.kind);
    const alarm = await this.ctx.storage.getAlarm();
    if (alarm === null || alarm > expiry) await this.ctx.storage.setAlarm(expiry);
  }

  /** It came through again. */
  async resolved(session: string, kind: Trouble): Promise<void> {
    this.#store.remove(session, kind);
  }

  async figures(): Promise<MonitorFigures> {
    const now = Date.now();
    return {
      troubles: TROUBLES.map((kind) => this.#store.figures(kind, now - reportTtlMs(kind))),
      isFull: this.#store.count() >= MAX_REPORTS,
    };
  }

  override async alarm(): Promise<void> {
    const now = Date.now();
    this.#forget(now);
    const next = this.#store.nextExpiry();
    if (next === undefined) await this.ctx.storage.deleteAll();
    else await this.ctx.storage.setAlarm(Math.max(next, now + 1));
    if (next === undefined) this.#store.emptied();
  }

  #forget(now: number): void {
    for (const kind of TROUBLES) this.#store.removeOlder(kind, now - reportTtlMs(kind));
  }
}
