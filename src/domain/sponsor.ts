// Who let whom in. When a key turns out to be stolen, whoever its thief let in has to go with it.

/** The credential that made the invite by which another one came in, and which of its secrets it used. */
export interface Sponsor {
  readonly credentialId: string;
  readonly generation: number;
}

interface Sponsored {
  readonly id: string;
  readonly sponsor: Sponsor | null;
}

/**
 * Those of `all` who were let in by a stolen credential after a thief may have had it, or by one of these: with a secret
 * that came after the one which came too late. What was let in before is the owner's own.
 */
export function letInByThief<T extends Sponsored>(
  all: readonly T[],
  stolen: { readonly id: string; readonly generation: number },
): readonly T[] {
  const gone = new Map<string, T>();
  const isGone = ({ sponsor }: T) =>
    sponsor !== null &&
    (gone.has(sponsor.credentialId) ||
      (sponsor.credentialId === stolen.id && sponsor.generation > stolen.generation));
  for (let found = 0; ; found = gone.size) {
    for (const one of all) if (isGone(one)) gone.set(one.id, one);
    if (gone.size === found) return [...gone.values()];
  }
}
