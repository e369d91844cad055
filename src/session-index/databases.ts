// Which database holds what. Nothing else touches a D1 binding, so that splitting the sessions over several databases
// is a change to this file.

import type { DrizzleD1Database } from "drizzle-orm/d1";
import { drizzle } from "drizzle-orm/d1";

export type IndexDatabase = DrizzleD1Database;

type Bindings = Pick<Env, "INDEX_DB">;

/** Where the sessions of the team with this number are. */
export function sessionsDatabase(env: Bindings, _teamNumber: number): IndexDatabase {
  return drizzle(env.INDEX_DB);
}

/** All databases that hold sessions. */
export function sessionsDatabases(env: Bindings): readonly IndexDatabase[] {
  return [drizzle(env.INDEX_DB)];
}

/** Where teams and their keys are. */
export function teamsDatabase(env: Bindings): IndexDatabase {
  return drizzle(env.INDEX_DB);
}
