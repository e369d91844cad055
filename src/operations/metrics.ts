// The figures of the deployment, from wherever they are known; what does not answer leaves its own out.
import type { MonitorFigures, MonitorObject } from "../../objects/monitor.ts";
import type { Caller } from "../caller.ts";
import { MONITOR_NAME, type Trouble } from "../domain/trouble.ts";
import { isoTime } from "../domain/view.ts";
import { log } from "../log.ts";
import type { Result } from "../protocol/errors.ts";
import type { CleanupRunFigure, Figure, Metrics } from "../protocol/metrics.ts";
import type { Services } from "../services.ts";
import { type CleanupRun, lastCleanupRuns } from "../session-index/cleanup-runs.ts";
import { teamsDatabase } from "../session-index/databases.ts";
import { within } from "../session-index/timeout.ts";
import { sessionTotals, webhookFailureTotals } from "../session-index/totals.ts";
import { adminRefusal } from "./teams.ts";

/** A day of an hourly cleanup. */
const RUNS_SHOWN = 24;

const PATIENCE_MS = 5_000;

const MONITOR = "MonitorObject: what sessions reported after three failed attempts, for two hours";
const ALARMS = "MonitorObject: what sessions reported of alarms that failed, for a day";

export async function getMetrics({ env }: Services, caller: Caller): Promise<Result<Metrics>> {
  const refusal = adminRefusal(caller);
  if (refusal) return refusal;
  const now = Date.now();
  const database = teamsDatabase(env);
  const [monitored, sessions, failures, runs] = await Promise.all([
    answered(monitorFigures(env)),
    answered(sessionTotals(database)),
    answered(webhookFailureTotals(database)),
    answered(lastCleanupRuns(database, RUNS_SHOWN)),
  ]);
  const figure = <T>(value: T | null, source: string): Figure<T> => ({
    value,
    source,
    at: isoTime(now),
  });
  const of = (kind: Trouble) => monitored?.troubles.find((one) => one.kind === kind);
  const count = (...values: readonly (number | undefined)[]) =>
    monitored && values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  const lagSeconds = (kind: Trouble) => {
    const since = of(kind)?.oldestSince ?? null;
    const lag = since === null ? 0 : Math.max(0, Math.floor((now - since) / 1000));
    return figure(monitored && lag, MONITOR);
  };
  return {
    ok: true,
    outboxDepth: figure(count(of("index")?.waiting), MONITOR),
    sessionsBehindIndex: figure(count(of("index")?.sessions), MONITOR),
    indexLagSeconds: lagSeconds("index"),
    webhookLagSeconds: lagSeconds("webhook"),
    appLagSeconds: lagSeconds("app"),
    eventsWaiting: figure(count(of("webhook")?.waiting, of("app")?.waiting), MONITOR),
    webhookFailures: figure(failures, "D1: webhook_failures"),
    alarmRetries: figure(count(of("alarm")?.reports), ALARMS),
    sessions: figure(sessions, "D1: team_counters, as far as sessions have told it"),
    cleanupRuns: figure(runs?.map(viewRun) ?? null, "D1: cleanup_runs"),
  };
}

function monitorFigures(env: Env): Promise<MonitorFigures> {
  const monitor = env.MONITOR.getByName(MONITOR_NAME) as unknown as Pick<MonitorObject, "figures">;
  return within(PATIENCE_MS, monitor.figures());
}

async function answered<T>(figures: Promise<T>): Promise<T | null> {
  try {
    return await figures;
  } catch (error) {
    log.warn({ event: "figures_unavailable", error: String(error) });
    return null;
  }
}

function viewRun({ startedAt, durationMs, result }: CleanupRun): CleanupRunFigure {
  return { ...result, startedAt: isoTime(startedAt), durationMs };
}
