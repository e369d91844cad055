// Teams, of which the index is the truth. `team_origins` and `team_counters` follow by triggers.
import { and, eq, inArray } from "drizzle-orm";
import type { TeamSettings } from "../domain/policy.ts";
import { DEFAULT_POLICY } from "../domain/policy.ts";
import { isoTime } from "../domain/view.ts";
import type { Result } from "../protocol/errors.ts";
import type { Team, TeamLimits, TeamPolicy } from "../protocol/team.ts";
import { ADMIN, auditOfChange, type NewAuditEvent } from "./audit.ts";
import type { IndexDatabase } from "./databases.ts";
import { run } from "./run.ts";
import { teamOrigins, teams } from "./schema.ts";

/** A team as the index has it; times are epoch milliseconds. */
export interface TeamRecord extends TeamSettings {
  readonly name: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What to change in a policy; what is left out or undefined stays. `null` lifts a limit. */
export type PolicyChanges = {
  readonly [Field in keyof TeamPolicy]?:
    | (Field extends "limits" ? Changes<TeamLimits> : TeamPolicy[Field])
    | undefined;
};

type Changes<T> = { readonly [Field in keyof T]?: T[Field] | undefined };

export interface NewTeam {
  readonly id: string;
  readonly name: string;
  /** Over the default policy. */
  readonly policy: PolicyChanges;
}

export interface TeamChanges {
  readonly name: string | undefined;
  readonly policy: PolicyChanges;
}

/** Throws `IndexError`. */
export async function createTeam(
  database: IndexDatabase,
  { id, name, policy }: NewTeam,
  now: number,
): Promise<Result<{ readonly team: TeamRecord }>> {
  const [[row]] = await run(
    database.batch([
      database
        .insert(teams)
        .values({
          id,
          name,
          policy: changePolicy(DEFAULT_POLICY, policy),
          createdAt: now,
          updatedAt: now,
        })
        .onConflictDoNothing({ target: teams.id })
        .returning(),
      auditOfChange(database, id, { type: "team.created", actor: ADMIN, details: { name } }, now),
    ]),
  );
  return row === undefined
    ? { ok: false, code: "team_exists" }
    : { ok: true, team: teamRecord(row) };
}

/** Throws `IndexError`. */
export async function getTeam(
  database: IndexDatabase,
  id: string,
): Promise<TeamRecord | undefined> {
  const row = await run(database.select().from(teams).where(eq(teams.id, id)).get());
  return row && teamRecord(row);
}

/** By the number that session ids carry. Throws `IndexError`. */
export async function getTeamByNumber(
  database: IndexDatabase,
  number: number,
): Promise<TeamRecord | undefined> {
  const row = await run(database.select().from(teams).where(eq(teams.number, number)).get());
  return row && teamRecord(row);
}

/** How often a change is tried again over one that came in between; each such round, another change succeeded. */
const MAX_CHANGE_ROUNDS = 8;

/** Throws `IndexError`. */
export async function updateTeam(
  database: IndexDatabase,
  id: string,
  changes: TeamChanges,
  now: number,
): Promise<Result<{ readonly team: TeamRecord }>> {
  for (let round = 0; round < MAX_CHANGE_ROUNDS; round++) {
    const team = await getTeam(database, id);
    if (team === undefined) return { ok: false, code: "team_not_found" };
    // Only over the revision that was read: two admins who change different fields both get theirs.
    const [[row]] = await run(
      database.batch([
        database
          .update(teams)
          .set({
            name: changes.name ?? team.name,
            policy: changePolicy(team.policy, changes.policy),
            revision: team.revision + 1,
            updatedAt: now,
          })
          .where(and(eq(teams.id, id), eq(teams.revision, team.revision)))
          .returning(),
        auditOfChange(database, id, updateEvent(changes), now),
      ]),
    );
    if (row !== undefined) return { ok: true, team: teamRecord(row) };
  }
  return { ok: false, code: "unavailable", message: "The team is being changed by many at once." };
}

/** Names what was set, and says of a switch where it stands. */
function updateEvent({ name, policy }: TeamChanges): NewAuditEvent {
  const set = Object.entries({ name, ...policy }).filter(([, value]) => value !== undefined);
  const details = {
    fields: set.map(([field]) => field).sort(),
    ...(policy.disabled !== undefined && { disabled: policy.disabled }),
  };
  return { type: "team.updated", actor: ADMIN, details };
}

/**
 * Whether any team allows an origin that matches one of `patterns`, for the preflight of a creation, which names no
 * team. Throws `IndexError`.
 */
export async function hasTeamWithOrigin(
  database: IndexDatabase,
  patterns: readonly string[],
): Promise<boolean> {
  const row = await run(
    database
      .select({ origin: teamOrigins.origin })
      .from(teamOrigins)
      .where(inArray(teamOrigins.origin, [...patterns]))
      .limit(1)
      .get(),
  );
  return row !== undefined;
}

/** The team as the API shows it. */
export function viewTeam(team: TeamRecord): Team {
  return {
    ...team.policy,
    id: team.id,
    number: team.number,
    name: team.name,
    createdAt: isoTime(team.createdAt),
    updatedAt: isoTime(team.updatedAt),
  };
}

/** Defaults fill in what a policy lacks that was stored before the field existed. */
export function teamRecord(row: typeof teams.$inferSelect): TeamRecord {
  return { ...row, policy: changePolicy(DEFAULT_POLICY, row.policy) };
}

function changePolicy(policy: TeamPolicy, { limits, ...changes }: PolicyChanges): TeamPolicy {
  return over(policy, { ...changes, limits: over(policy.limits, limits ?? {}) });
}

/** `base` with what is defined in `changes`. */
function over<T extends object>(base: T, changes: Changes<T>): T {
  const defined = Object.entries(changes).filter(([, value]) => value !== undefined);
  return { ...base, ...Object.fromEntries(defined) };
}
