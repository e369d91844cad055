// How many frames each credential or operator's token sends, of whatever type: a bound on what one client can make the object do. Counted in
// memory; each socket's attachment has a copy that an eviction takes up, at most a sixteenth of the limit behind.
import { take } from "../src/domain/rate-limit.ts";
import type { FrameCounts, Peer } from "./peer.ts";

export type FrameVerdict = { readonly kind: "admitted" } | TooMany;

export interface TooMany {
  /** `flooded`: it was told and did not stop, and sent a second limit's worth within a window. */
  readonly kind: "refused" | "flooded";
  readonly retryAfterMs: number;
}

const ADMITTED: FrameVerdict = { kind: "admitted" };

export class FrameRate {
  readonly #counts = new Map<string, FrameCounts>();

  constructor(peers: Iterable<Peer>) {
    for (const peer of peers) this.#adopt(peer);
  }

  /** Counts `units` of a peer's holder against `limit` a minute; null for no limit. */
  take(peer: Peer, limit: number | null, units: number, now: number): FrameVerdict {
    if (limit === null) return ADMITTED;
    const before = this.#counts.get(peer.holderId);
    const admitted = take(before?.admitted, limit, now, units);
    if (admitted.allowed) {
      this.#keep(peer, limit, { admitted: admitted.state, refused: before?.refused });
      return ADMITTED;
    }
    const refused = take(before?.refused, limit, now, units);
    this.#keep(peer, limit, { admitted: admitted.state, refused: refused.state });
    if (refused.allowed) return { kind: "refused", retryAfterMs: admitted.retryAfterMs };
    // Once half of both is free again, it can say what it has to without being closed at once.
    const half = Math.ceil(limit / 2);
    const waits = [admitted, refused].map(({ state }) => take(state, limit, now, half));
    return { kind: "flooded", retryAfterMs: Math.max(...waits.map((one) => one.retryAfterMs)) };
  }

  /** A socket is gone: another of its holder carries the counts on. */
  left(peer: Peer, others: Iterable<Peer>): void {
    this.#adopt(peer);
    const frameCounts = this.#counts.get(peer.holderId);
    for (const other of others) {
      if (other === peer || other.holderId !== peer.holderId) continue;
      other.update({ frameCounts });
      return;
    }
  }

  #adopt({ holderId, frameCounts }: Peer): void {
    const known = this.#counts.get(holderId);
    if (frameCounts !== undefined && (known === undefined || isNewer(frameCounts, known))) {
      this.#counts.set(holderId, frameCounts);
    }
  }

  #keep(peer: Peer, limit: number, counts: FrameCounts): void {
    this.#counts.set(peer.holderId, counts);
    const copy = peer.frameCounts;
    const isFar =
      copy === undefined ||
      counts.admitted.windowStart !== copy.admitted.windowStart ||
      counts.refused?.windowStart !== copy.refused?.windowStart ||
      units(counts) - units(copy) > limit / 16;
    if (isFar) peer.update({ frameCounts: counts });
  }
}

function units({ admitted, refused }: FrameCounts): number {
  return admitted.current + (refused?.current ?? 0);
}

function isNewer(one: FrameCounts, other: FrameCounts): boolean {
  const [a, b] = [one.admitted.windowStart, other.admitted.windowStart];
  return a === b ? units(one) > units(other) : a > b;
}
