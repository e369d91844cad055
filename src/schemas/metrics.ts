// What `metrics` answers, for the OpenAPI document.
import { z } from "zod";
import type { CleanupRunFigure, Metrics } from "../protocol/metrics.ts";
import { time } from "./answers.ts";
import type { Shape } from "./fields.ts";
import { cleanupFields } from "./team-answers.ts";

const count = z.int().min(0);

const figure = <T extends z.ZodType>(value: T) =>
  z.object({
    value: value.nullable().describe("Null where its source did not answer"),
    source: z.string(),
    at: time,
  });

const cleanupRun: Shape<CleanupRunFigure> = z.object({
  ...cleanupFields,
  startedAt: time,
  durationMs: count,
});

export const metricsAnswer: Shape<Metrics> = z.object({
  outboxDepth: figure(count),
  sessionsBehindIndex: figure(count),
  indexLagSeconds: figure(count),
  webhookLagSeconds: figure(count),
  appLagSeconds: figure(count),
  eventsWaiting: figure(count),
  webhookFailures: figure(z.object({ failing: count, stopped: count })),
  alarmRetries: figure(count),
  sessions: figure(
    z.object({ total: count, active: count, expired: count, terminated: count, purged: count }),
  ),
  cleanupRuns: figure(z.array(cleanupRun)),
});
