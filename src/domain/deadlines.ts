// What a session waits for. One alarm is set to the earliest; whoever wakes up recomputes from the data.

/** While a session is busy its touches reach the index this often. */
export const INDEX_TOUCH_INTERVAL_MS = 3_600_000;

/** A visit counts as over this long after its last socket closed: long enough for a page to reload. */
export const SOCKET_QUIET_MS = 60_000;

/** Without sockets, a visit counts as over this long after its last call. */
export const CALL_QUIET_MS = 1_800_000;

export interface Activity {
  /** The newest access, written or not. */
  readonly lastAccessed: number;
  /** The newest access that the index knows of. */
  readonly indexedAccess: number;
  /** When the index last heard of the session, as it was then. */
  readonly indexedAt: number;
  /** When the owner's last socket closed; null while one is open or if there never was one. */
  readonly socketsClosedAt: number | null;
  readonly socketsOpen: boolean;
}

/** When the index should hear of touches it has not seen: hourly at most, and once after the visit. */
export function touchFlushDue(activity: Activity): number | undefined {
  if (activity.lastAccessed <= activity.indexedAccess) return undefined;
  const hourly = activity.indexedAt + INDEX_TOUCH_INTERVAL_MS;
  if (activity.socketsOpen) return hourly;
  return Math.min(hourly, quietAt(activity));
}

/** A visit with sockets is over when they are, whoever answers into it afterwards; until the index has heard of it. */
function quietAt({ socketsClosedAt, lastAccessed, indexedAt }: Activity): number {
  return socketsClosedAt !== null && socketsClosedAt >= indexedAt
    ? socketsClosedAt + SOCKET_QUIET_MS
    : lastAccessed + CALL_QUIET_MS;
}

/** The earliest of the deadlines that exist. */
export function earliest(...deadlines: readonly (number | undefined)[]): number | undefined {
  const there = deadlines.filter((at) => at !== undefined);
  return there.length === 0 ? undefined : Math.min(...there);
}
