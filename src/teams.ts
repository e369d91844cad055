// What the Worker knows of teams without asking: at most a minute old while the index answers, and as long as it takes
// while it does not. A team key revoked or a policy changed holds everywhere within TEAM_CACHE_TTL_MS.
import { originPatterns, type TeamSettings } from "./domain/policy.ts";
import { teamsDatabase } from "./session-index/databases.ts";
import { IndexError } from "./session-index/errors.ts";
import { findKey, type TeamKeyRecord } from "./session-index/team-keys.ts";
import { getTeam, getTeamByNumber, isOriginKnown } from "./session-index/teams.ts";

export const TEAM_CACHE_TTL_MS = 60_000;

/** After a failed look-up the old answer serves this long before the index is asked again. */
const RETRY_AFTER_MS = 2_000;

/** Entries a kind, so that a flood of strange ids or origins cannot fill the isolate. */
const MAX_ENTRIES = 2_000;

/** How long a look-up may take when there is an old answer to fall back on, and when there is none. */
const PATIENCE_MS = 1_000;
const FIRST_PATIENCE_MS = 5_000;

interface Entry<T> {
  readonly value: T | undefined;
  readonly loadedAt: number;
  readonly askAgainAt: number;
}

/** A cache in front of look-ups that may fail; oldest entries go first when it is full. */
class Lookup<T> {
  readonly #entries = new Map<string | number, Entry<T>>();

  /** Throws what `load` throws when there is no older answer to serve. */
  async get(
    key: string | number,
    now: number,
    load: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const entry = this.#entries.get(key);
    if (entry !== undefined && now < entry.askAgainAt && now >= entry.loadedAt) return entry.value;
    try {
      const value = await withPatience(
        load(),
        entry === undefined ? FIRST_PATIENCE_MS : PATIENCE_MS,
      );
      this.#keep(key, { value, loadedAt: now, askAgainAt: now + TEAM_CACHE_TTL_MS });
      return value;
    } catch (error) {
      if (entry === undefined) throw error;
      this.#keep(key, { ...entry, askAgainAt: now + RETRY_AFTER_MS });
      return entry.value;
    }
  }

  forget(key: string | number): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  #keep(key: string | number, entry: Entry<T>): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size <= MAX_ENTRIES) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

async function withPatience<T>(load: Promise<T>, patienceMs: number): Promise<T> {
  const done = new AbortController();
  const timeout = scheduler.wait(patienceMs, { signal: done.signal }).then(() => {
    throw new IndexError("the index took too long", { cause: undefined });
  });
  try {
    return await Promise.race([load, timeout]);
  } finally {
    done.abort();
    timeout.catch(() => undefined);
  }
}

const byNumber = new Lookup<TeamSettings>();
const byId = new Lookup<TeamSettings>();
const keys = new Lookup<TeamKeyRecord>();
const origins = new Lookup<true>();

/** The team of a session id. Undefined when there is none. Throws `IndexError`. */
export function teamByNumber(env: Env, number: number): Promise<TeamSettings | undefined> {
  return byNumber.get(number, Date.now(), () => getTeamByNumber(teamsDatabase(env), number));
}

/** Throws `IndexError`. */
export function teamById(env: Env, id: string): Promise<TeamSettings | undefined> {
  return byId.get(id, Date.now(), () => getTeam(teamsDatabase(env), id));
}

/** A key that may be revoked. Throws `IndexError`. */
export function teamKey(env: Env, keyId: string): Promise<TeamKeyRecord | undefined> {
  return keys.get(keyId, Date.now(), () => findKey(teamsDatabase(env), keyId));
}

/** Whether any team allows `origin`. Throws `IndexError`. */
export async function isKnownOrigin(env: Env, origin: string): Promise<boolean> {
  const known = await origins.get(origin, Date.now(), async () =>
    (await isOriginKnown(teamsDatabase(env), originPatterns(origin))) ? true : undefined,
  );
  return known === true;
}

/** What this isolate knew of a team or key it has just changed is out of date; others learn within the cache's time. */
export function forgetTeam(id: string, number: number): void {
  byId.forget(id);
  byNumber.forget(number);
  origins.clear();
}

export function forgetKey(keyId: string): void {
  keys.forget(keyId);
}
