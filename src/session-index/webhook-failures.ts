// Which sessions' events do not get through to their team's webhook: projected from the objects' cursors, for the team to
// see and for whoever resumes them.
import { and, asc, count, eq, sql } from "drizzle-orm";
import { type EventCursor, isTold } from "../domain/event-cursor.ts";
import { isoTime } from "../domain/view.ts";
import type { WebhookFailure, WebhookStatus } from "../protocol/webhook.ts";
import type { IndexDatabase } from "./databases.ts";
import { isNotPurged, sessionIdHash } from "./purged.ts";
import { run } from "./run.ts";
import { teams, webhookFailures } from "./schema.ts";
import { land, type Projection } from "./write.ts";

export interface ProjectedCursor {
  readonly teamId: string;
  readonly sessionId: string;
  /** Undefined where there is none. */
  readonly cursor: EventCursor | undefined;
}

/** Writes that a session's events do not get through, or deletes it where they do. Nothing of a webhook or a session that is gone. */
export async function projectWebhook(
  database: IndexDatabase,
  { teamId, sessionId, cursor }: ProjectedCursor,
): Promise<Projection> {
  const isHere = and(eq(webhookFailures.teamId, teamId), eq(webhookFailures.sessionId, sessionId));
  if (cursor === undefined || cursor.failingSince === null || !isTold(cursor)) {
    return await land(database, [database.delete(webhookFailures).where(isHere)]);
  }
  const { listenerId, failingSince, attempts, lastError, stoppedAt } = cursor;
  const values = sql`SELECT ${teamId}, ${sessionId}, ${listenerId}, ${failingSince}, ${attempts}, ${lastError ?? ""},
    ${stoppedAt} FROM ${teams} WHERE ${teams.id} = ${teamId} AND json_extract(${teams.webhook}, '$.id') = ${listenerId}
    AND ${isNotPurged(await sessionIdHash(sessionId))}`;
  const upsert = database
    .insert(webhookFailures)
    .select(values)
    .onConflictDoUpdate({
      target: [webhookFailures.teamId, webhookFailures.sessionId],
      set: { webhookId: listenerId, failingSince, attempts, lastError: lastError ?? "", stoppedAt },
    });
  return await land(database, [upsert]);
}

const MAX_FAILURES_SHOWN = 100;

/** How a team's webhook fares. Throws `IndexError`. */
export async function webhookFailureStatus(
  database: IndexDatabase,
  teamId: string,
  webhookId: string,
): Promise<Omit<WebhookStatus, "webhook">> {
  const ofTeam = and(eq(webhookFailures.teamId, teamId), eq(webhookFailures.webhookId, webhookId));
  const [[counted], rows] = await run(
    database.batch([
      database
        .select({ all: count(), stopped: count(webhookFailures.stoppedAt) })
        .from(webhookFailures)
        .where(ofTeam),
      database
        .select()
        .from(webhookFailures)
        .where(ofTeam)
        .orderBy(asc(webhookFailures.failingSince), asc(webhookFailures.sessionId))
        .limit(MAX_FAILURES_SHOWN),
    ]),
  );
  const { all, stopped } = counted ?? { all: 0, stopped: 0 };
  return { failing: all - stopped, stopped, failures: rows.map(viewFailure) };
}

function viewFailure(row: typeof webhookFailures.$inferSelect): WebhookFailure {
  return {
    sessionId: row.sessionId,
    failingSince: isoTime(row.failingSince),
    attempts: row.attempts,
    lastError: row.lastError,
    ...(row.stoppedAt !== null && { stoppedAt: isoTime(row.stoppedAt) }),
  };
}

/** A session whose events wait until somebody resumes, and somebody has. */
export interface Resumable {
  readonly teamId: string;
  readonly sessionId: string;
}

/**
 * Sessions of all teams, or of one, that gave up before their team last asked to go on; from after `last` on.
 * Throws `IndexError`.
 */
export async function resumableSessions(
  database: IndexDatabase,
  query: {
    readonly teamId: string | undefined;
    readonly last: Resumable | undefined;
    readonly limit: number;
  },
): Promise<readonly Resumable[]> {
  const { teamId, sessionId, stoppedAt, webhookId } = webhookFailures;
  return await run(
    database
      .select({ teamId, sessionId })
      .from(webhookFailures)
      .innerJoin(teams, eq(teams.id, teamId))
      .where(
        and(
          query.teamId === undefined ? undefined : eq(teamId, query.teamId),
          sql`json_extract(${teams.webhook}, '$.id') = ${webhookId}`,
          sql`json_extract(${teams.webhook}, '$.resumedAt') >= ${stoppedAt}`,
          query.last &&
            sql`(${teamId}, ${sessionId}) > (${query.last.teamId}, ${query.last.sessionId})`,
        ),
      )
      .orderBy(asc(teamId), asc(sessionId))
      .limit(query.limit),
  );
}
