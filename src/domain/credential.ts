// The secrets of one credential as they follow each other. The newest is the one in use; each that it replaced goes on
// working until its successor is first used, and at least SUPERSEDED_GRACE_MS after that was last given out: the answer
// may be lost, and calls with the old one may be under way. Whoever comes later holds a copy that nobody should have:
// theft. (After OAuth 2.0's refresh token rotation, RFC 9700, section 4.14.2; the successor follows from the secret that
// was presented, so that parallel and repeated calls all get the same.)
import { ROTATE_AFTER_MS, SUPERSEDED_GRACE_MS } from "../protocol/limits.ts";

/** A secret that was replaced, as its digest. Times are epoch milliseconds. */
export interface SupersededSecret {
  readonly digest: Uint8Array;
  /** When its successor was last given out before it was used. */
  readonly successorGivenAt: number;
  /** When its successor was first used; null before. */
  readonly successorUsedAt: number | null;
}

export interface Secrets {
  readonly digest: Uint8Array;
  /** How many came before the newest. */
  readonly generation: number;
  /** When the newest was minted. */
  readonly mintedAt: number;
  /** Those before it that may still be used, oldest first. */
  readonly superseded: readonly SupersededSecret[];
}

/** So many replaced secrets are kept: whoever rotates faster gets no new one until the first of them has had its time. */
const MAX_SUPERSEDED = 8;

/** Compares two digests in a time that tells nothing. */
export type SameDigest = (a: Uint8Array, b: Uint8Array) => boolean;

/**
 * What a secret is worth that this deployment issued for this credential: undefined when it is stolen, otherwise the
 * secrets with the use noted, the same object when there was nothing to note.
 */
export function presentSecret(
  secrets: Secrets,
  digest: Uint8Array,
  now: number,
  isSame: SameDigest,
): Secrets | undefined {
  const index = placeOf(secrets, digest, isSame);
  const entry = secrets.superseded[index];
  if (index < 0 || (entry !== undefined && !isOpen(entry, now))) return undefined;
  const before = secrets.superseded[index - 1];
  if (before === undefined || before.successorUsedAt !== null) return secrets;
  const noted = { ...before, successorUsedAt: now };
  return { ...secrets, superseded: secrets.superseded.with(index - 1, noted) };
}

export interface RotationRequest {
  /** Whether the holder asks for it, however young the secret is. */
  readonly force: boolean;
  /**
   * Whether the last rotation has to be over first. A browser keeps whichever cookie came last: an answer that was
   * overtaken may put an older secret back, and that has to be one that still works.
   */
  readonly oneAtATime: boolean;
  readonly now: number;
}

export interface Rotation {
  readonly secrets: Secrets;
  /** Which of the successors offered the caller gets; undefined when it keeps what it has. */
  readonly successor: number | undefined;
}

/**
 * Replaces a secret that was presented as good, when it is older than ROTATE_AFTER_MS or when that is asked for.
 *
 * @param successors digests of what may follow `presented`, one for each signing key held, the current key's first
 */
export function rotateSecret(
  secrets: Secrets,
  presented: Uint8Array,
  successors: readonly Uint8Array[],
  { force, oneAtATime, now }: RotationRequest,
  isSame: SameDigest,
): Rotation {
  const [next] = successors;
  const index = placeOf(secrets, presented, isSame);
  const entry = secrets.superseded[index];
  if (entry === undefined) {
    const isDue = force || now - secrets.mintedAt >= ROTATE_AFTER_MS;
    const open = secrets.superseded.filter((one) => isOpen(one, now));
    if (next === undefined || !isDue || open.length >= (oneAtATime ? 1 : MAX_SUPERSEDED)) {
      return { secrets, successor: undefined };
    }
    const superseded = [
      ...open,
      { digest: secrets.digest, successorGivenAt: now, successorUsedAt: null },
    ];
    const generation = secrets.generation + 1;
    return { secrets: { digest: next, generation, mintedAt: now, superseded }, successor: 0 };
  }
  const follower = secrets.superseded[index + 1]?.digest ?? secrets.digest;
  const successor = successors.findIndex((one) => isSame(one, follower));
  if (successor < 0) return { secrets, successor: undefined };
  // A copy of an old secret must not keep its own grace open for ever.
  if (entry.successorUsedAt !== null) return { secrets, successor };
  const given = secrets.superseded.with(index, { ...entry, successorGivenAt: now });
  return { secrets: { ...secrets, superseded: given }, successor };
}

/** How many secrets came before one of those that are known; undefined for any other. */
export function generationOf(
  { digest, generation, superseded }: Secrets,
  presented: Uint8Array,
  isSame: SameDigest,
): number | undefined {
  const index = placeOf({ digest, superseded }, presented, isSame);
  // Closed ones are dropped from the front: what is kept are the last ones before the newest.
  return index < 0 ? undefined : generation - superseded.length + index;
}

/** Place of a digest among the superseded ones, their number for the newest, −1 for none of them. */
function placeOf(
  { digest, superseded }: Pick<Secrets, "digest" | "superseded">,
  presented: Uint8Array,
  isSame: SameDigest,
): number {
  return [...superseded.map((one) => one.digest), digest].findLastIndex((one) =>
    isSame(one, presented),
  );
}

function isOpen({ successorGivenAt, successorUsedAt }: SupersededSecret, now: number): boolean {
  return successorUsedAt === null || now < successorGivenAt + SUPERSEDED_GRACE_MS;
}
