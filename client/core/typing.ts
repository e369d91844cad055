// Who is writing: what others say, for as long as they keep saying it, and what this side says, no more often than needed.
import type { Presence, TypingFrame } from "../../src/protocol/frames.ts";
import type { Clock } from "./environment.ts";
import type { Typist } from "./session-state.ts";

/** While somebody keeps writing, others hear of it this often: each frame wakes the object. */
export const TYPING_REPEAT_MS = 4_000;
/** A typist not heard of for this long has stopped, or is gone. */
export const TYPING_LEASE_MS = 8_000;

/** Others who are writing. */
export function createTypists(clock: Clock, changed: (typists: readonly Typist[]) => void) {
  let typists: readonly Typist[] = [];
  const leases = new Map<string, () => void>();
  const set = (list: readonly Typist[]) => {
    typists = list;
    changed(list);
  };
  const keep = (predicate: (typist: Typist) => boolean) => {
    const kept = typists.filter(predicate);
    if (kept.length < typists.length) {
      set(kept);
    }
  };
  return {
    heard({ connectionId, role, author, active }: TypingFrame): void {
      const stop = () => keep((typist) => typist.connectionId !== connectionId);
      leases.get(connectionId)?.();
      leases.delete(connectionId);
      if (!active) {
        stop();
        return;
      }
      leases.set(connectionId, clock.after(TYPING_LEASE_MS, stop));
      if (!typists.some((typist) => typist.connectionId === connectionId)) {
        set([...typists, { connectionId, role, author }]);
      }
    },
    /** Whoever left has stopped writing. */
    present(presence: readonly Presence[]): void {
      const ids = new Set(presence.map(({ connectionId }) => connectionId));
      keep(({ connectionId }) => ids.has(connectionId));
    },
    clear: () => keep(() => false),
  };
}

/**
 * This side's own sign.
 *
 * @returns to be called with each key: says so at most once in `TYPING_REPEAT_MS`, and says the end once
 */
export function createTypingSignal(
  clock: Clock,
  send: (active: boolean) => void,
): (active: boolean) => void {
  let saidAt: number | undefined;
  return (active) => {
    const now = clock.now();
    if (active ? saidAt === undefined || now - saidAt >= TYPING_REPEAT_MS : saidAt !== undefined) {
      saidAt = active ? now : undefined;
      send(active);
    }
  };
}
