// Which sessions have something due, as far as the index knows: it nominates, their objects decide. Each question is one
// range of a partial index a team, under the team's present policy, from after the last answer on, so that a page reads
// its rows, each once more where they lie, and the teams that it comes by.

import { type SQL, sql } from "drizzle-orm";
import { DAY_MS } from "../domain/day.ts";
import { DEFAULT_POLICY } from "../domain/policy.ts";
import type { IndexDatabase } from "./databases.ts";
import { run } from "./run.ts";

/** What may be due. */
export const NOMINATIONS = ["to-expire", "to-archive", "to-purge", "files-to-remove"] as const;
export type Nomination = (typeof NOMINATIONS)[number];

/** A session, and where it stands in the order of those that were asked for. */
export interface Nominated {
  readonly id: string;
  /** What the index has of it. */
  readonly version: number;
  readonly teamId: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export type NominationPosition = Pick<Nominated, "id" | "teamId" | "at">;

export interface NominationQuery {
  /** The one team that is asked about; undefined for all. */
  readonly teamId: string | undefined;
  readonly last: NominationPosition | undefined;
  readonly now: number;
  readonly limit: number;
}

/** The index may be behind a session, and an alarm is given time to be late; epoch milliseconds apart. */
export const LATE_MS = 300_000;

interface Due {
  readonly from: SQL;
  readonly at: SQL;
  readonly id: SQL;
  /** What makes it due at `now`, in the words of the partial index. */
  isDue(now: number): SQL;
}

/** Days of the team's policy in milliseconds; a policy may be older than the field. */
function daysMs(field: "archiveAfterDays" | "retentionDays"): SQL {
  const days = sql.raw(`coalesce(t.policy ->> '$.${field}', ${DEFAULT_POLICY[field]})`);
  return sql`${days} * ${sql.raw(String(DAY_MS))}`;
}

const SESSIONS = sql`teams t CROSS JOIN sessions s ON s.team_id = t.id`;

const DUE: Readonly<Record<Nomination, Due>> = {
  "to-expire": {
    from: SESSIONS,
    at: sql`s.expires_at`,
    id: sql`s.id`,
    isDue: (now) => sql`s.status = 'active' AND s.expires_at < ${now - LATE_MS}`,
  },
  "to-archive": {
    from: SESSIONS,
    at: sql`s.ended_at`,
    id: sql`s.id`,
    // What is to be purged before it is archived is in no other list.
    isDue: (now) => sql`s.ended_at IS NOT NULL AND s.archived_at IS NULL
      AND s.ended_at <= ${now} - min(${daysMs("archiveAfterDays")}, ${daysMs("retentionDays")})`,
  },
  "to-purge": {
    from: SESSIONS,
    at: sql`s.ended_at`,
    id: sql`s.id`,
    isDue: (now) => sql`s.archived_at IS NOT NULL
      AND s.ended_at <= ${now} - ${daysMs("retentionDays")}`,
  },
  "files-to-remove": {
    from: sql`teams t CROSS JOIN files f ON f.team_id = t.id JOIN sessions s ON s.id = f.session_id`,
    at: sql`f.remove_at`,
    id: sql`f.session_id`,
    isDue: (now) => sql`f.remove_at IS NOT NULL AND f.remove_at <= ${now}`,
  },
};

/** The next sessions by team and by when it was due. One may come more than once for its files. Throws `IndexError`. */
export async function nominated(
  database: IndexDatabase,
  nomination: Nomination,
  { teamId, last, now, limit }: NominationQuery,
): Promise<readonly Nominated[]> {
  const { from, at, id, isDue } = DUE[nomination];
  const ask = (where: SQL, count: number) =>
    run(
      database.all<Nominated>(sql`
        SELECT ${id} AS id, s.version AS version, t.id AS teamId, ${at} AS at
        FROM ${from} WHERE ${isDue(now)} AND ${where} ORDER BY t.id, ${at}, ${id} LIMIT ${count}`),
    );
  // The rest of the last one's team by itself: over several teams, its part that was passed already would be read again.
  const rest =
    last === undefined
      ? []
      : await ask(sql`t.id = ${last.teamId} AND (${at}, ${id}) > (${last.at}, ${last.id})`, limit);
  if (rest.length === limit || (teamId !== undefined && last !== undefined)) return rest;
  const others = teamId === undefined ? sql`t.id > ${last?.teamId ?? ""}` : sql`t.id = ${teamId}`;
  return [...rest, ...(await ask(others, limit - rest.length))];
}
