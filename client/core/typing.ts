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
  const known = new Map<string, { readonly typist: Typist; readonly cancel: () => void }>();
  const tell = () => changed([...known.values()].map(({ typist }) => typist));
  const stopped = (connectionId: string): void => {
    known.get(connectionId)?.cancel();
    if (known.delete(connectionId)) {
      tell();
    }
  };
  return {
    heard({ connectionId, role, author, active }: TypingFrame): void {
      const before = known.get(connectionId);
      if (!active) {
        stopped(connectionId);
        return;
      }
      before?.cancel();
      known.set(connectionId, {
        typist: { connectionId, role, author },
        cancel: clock.after(TYPING_LEASE_MS, () => stopped(connectionId)),
      });
      if (!before) {
        tell();
      }
    },
    /** Whoever left has stopped writing. */
    present(presence: readonly Pick<Presence, "connectionId">[]): void {
      for (const id of [...known.keys()]) {
        if (!presence.some(({ connectionId }) => connectionId === id)) {
          stopped(id);
        }
      }
    },
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
