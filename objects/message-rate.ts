// How many messages each credential wrote in the last minute. The log says it; this keeps it at hand, so that neither a
// write nor an index is needed to count, and an eviction changes nothing.
import { RATE_WINDOW_MS } from "../src/domain/rate-limit.ts";
import { RecentTimes } from "../src/domain/recent-times.ts";
import type { MessageStore } from "./message-store.ts";

export class MessageRate {
  readonly #messages: MessageStore;
  /** Undefined where the log has to be asked. */
  #recent: Map<string, RecentTimes> | undefined;

  constructor(messages: MessageStore) {
    this.#messages = messages;
  }

  /** After how many milliseconds a credential may write again; 0 where it may now. Null: the team, or no limit. */
  waitMs(credentialId: string | null, limit: number | null, now: number): number {
    if (limit === null) this.#recent = undefined;
    if (limit === null || credentialId === null) return 0;
    this.#recent ??= this.#read(now);
    return timesOf(this.#recent, credentialId).waitMs(limit, now);
  }

  /** Called after `waitMs`, in the transaction that stores. */
  stored(credentialId: string | null, now: number): void {
    if (this.#recent === undefined || credentialId === null) return;
    timesOf(this.#recent, credentialId).add(now);
  }

  /** Nothing that was counted since the last commit is known to be in the log. */
  forget(): void {
    this.#recent = undefined;
  }

  #read(now: number): Map<string, RecentTimes> {
    const recent = new Map<string, RecentTimes>();
    for (const { credentialId, createdAt } of this.#messages.writtenSince(now - RATE_WINDOW_MS)) {
      timesOf(recent, credentialId).add(createdAt);
    }
    return recent;
  }
}

function timesOf(recent: Map<string, RecentTimes>, credentialId: string): RecentTimes {
  let times = recent.get(credentialId);
  if (times === undefined) {
    times = new RecentTimes(RATE_WINDOW_MS);
    recent.set(credentialId, times);
  }
  return times;
}
