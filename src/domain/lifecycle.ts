// When the data of a session that has ended goes: into the archive, and then for good.

import { WEBHOOK_GIVE_UP_MS } from "../protocol/limits.ts";
import type { TeamPolicy } from "../protocol/team.ts";
import { DAY_MS } from "./day.ts";

/** A session in which nothing was said is kept this long after its end was noticed: for other tabs, and calls sent twice. */
export const EMPTY_KEPT_MS = 600_000;

export type Retention = Pick<TeamPolicy, "archiveAfterDays" | "retentionDays">;

/** What of a session decides how long its data is kept; times are epoch milliseconds. */
export interface Remains {
  readonly endedAt: number | null;
  /** When its end was written down, which may be long after it. */
  readonly noticedAt: number;
  readonly archivedAt: number | null;
  /** When somebody asked for all of it to be gone. */
  readonly eraseAskedAt: number | null;
  readonly isEmpty: boolean;
  /** Whether a webhook or an app that has not been given up has yet to hear of what happened in it. */
  readonly owesEvents: boolean;
}

/** When nothing of it may be held any more; undefined while it is active. */
export function purgeDueAt(remains: Remains, { retentionDays }: Retention): number | undefined {
  const { endedAt, noticedAt, eraseAskedAt, isEmpty, owesEvents } = remains;
  if (eraseAskedAt !== null) return eraseAskedAt;
  if (endedAt === null) return undefined;
  const keptUntil = endedAt + retentionDays * DAY_MS;
  if (!isEmpty) return keptUntil;
  const soon = noticedAt + EMPTY_KEPT_MS;
  return Math.min(keptUntil, owesEvents ? Math.max(soon, endedAt + WEBHOOK_GIVE_UP_MS) : soon);
}

/**
 * When its messages go to the bucket; undefined where they never do, since they went before, or are purged first. While
 * events of it are on their way, which are made from its messages, it is looked at again each day.
 */
export function archiveDueAt(
  remains: Remains,
  retention: Retention,
  now: number,
): number | undefined {
  const { endedAt, archivedAt, isEmpty, owesEvents } = remains;
  const purgeAt = purgeDueAt(remains, retention);
  if (endedAt === null || archivedAt !== null || isEmpty || purgeAt === undefined) return undefined;
  const dueAt = endedAt + retention.archiveAfterDays * DAY_MS;
  const days = owesEvents && now >= dueAt ? Math.floor((now - dueAt) / DAY_MS) + 1 : 0;
  const at = dueAt + days * DAY_MS;
  return at < purgeAt ? at : undefined;
}

/** Whether it opens to nobody any more, however late whoever purges it is. */
export function isGone(remains: Remains, retention: Retention, now: number): boolean {
  const at = purgeDueAt(remains, retention);
  return at !== undefined && now >= at;
}
