import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { presentSecret, rotateSecret, type Secrets } from "../../src/domain/credential.ts";
import { ROTATE_AFTER_MS, SUPERSEDED_GRACE_MS } from "../../src/protocol/limits.ts";

const T0 = Date.parse("2026-11-01T00:00:00Z");

const isSame = (a: Uint8Array, b: Uint8Array) => a.join() === b.join();

/** The digest of the nth secret of a chain under signing key `key`: the nth alone leads to the next. */
const digest = (generation: number, key = 0) => Uint8Array.of(key, generation);
const successorsOf = (presented: Uint8Array, keys = [0]) =>
  keys.map((key) => digest((presented[1] ?? 0) + 1, key));

const minted = (): Secrets => ({
  digest: digest(0),
  generation: 0,
  mintedAt: T0,
  superseded: [],
});

function rotate(secrets: Secrets, generation: number, now: number, force = true) {
  const presented = digest(generation);
  return rotateSecret(
    secrets,
    presented,
    successorsOf(presented),
    { force, oneAtATime: false, now },
    isSame,
  );
}

const present = (secrets: Secrets, generation: number, now: number) =>
  presentSecret(secrets, digest(generation), now, isSame);

/** The secrets after a call with the nth secret that is expected to be good. */
function used(secrets: Secrets, generation: number, now: number): Secrets {
  const after = present(secrets, generation, now);
  if (after === undefined) throw new Error(`the secret ${generation} was taken for stolen`);
  return after;
}

describe("a secret", () => {
  test("is replaced by a refresh when it is a day old, and not before", () => {
    const kept = rotate(minted(), 0, T0 + ROTATE_AFTER_MS - 1, false);
    expect(kept).toEqual({ secrets: minted(), successor: undefined });
    const rotated = rotate(minted(), 0, T0 + ROTATE_AFTER_MS, false);
    expect(rotated.successor).toBe(0);
    expect(rotated.secrets.digest).toEqual(digest(1));
    expect(rotated.secrets.mintedAt).toBe(T0 + ROTATE_AFTER_MS);
  });

  test("goes on working until its successor is used, however long that takes", () => {
    const { secrets } = rotate(minted(), 0, T0);
    expect(present(secrets, 0, T0 + 100 * ROTATE_AFTER_MS)).toBe(secrets);
  });

  test("goes on working for a minute though its successor is used, and is stolen then", () => {
    const secrets = used(rotate(minted(), 0, T0).secrets, 1, T0 + 1);
    expect(present(secrets, 0, T0 + SUPERSEDED_GRACE_MS - 1)).toBe(secrets);
    expect(present(secrets, 0, T0 + SUPERSEDED_GRACE_MS)).toBeUndefined();
    expect(present(secrets, 1, T0 + SUPERSEDED_GRACE_MS)).toBe(secrets);
  });

  test("whose successor had to be given out again has its minute from then, until that is used", () => {
    const later = T0 + 10 * SUPERSEDED_GRACE_MS;
    const again = rotate(rotate(minted(), 0, T0).secrets, 0, later).secrets;
    const secrets = used(again, 1, later + 1);
    const ending = later + SUPERSEDED_GRACE_MS;
    expect(present(secrets, 0, ending - 1)).toBe(secrets);
    const { secrets: kept } = rotate(secrets, 0, ending - 1);
    expect(present(kept, 0, ending)).toBeUndefined();
  });

  test("of long ago is stolen, though it is in no list any more", () => {
    let secrets = minted();
    for (let day = 0; day < 30; day++) {
      const now = T0 + day * ROTATE_AFTER_MS;
      secrets = rotate(used(secrets, day, now), day, now).secrets;
    }
    expect(secrets.superseded.length).toBeLessThan(3);
    expect(present(secrets, 3, T0 + 31 * ROTATE_AFTER_MS)).toBeUndefined();
    expect(present(secrets, 30, T0 + 31 * ROTATE_AFTER_MS)).toBeDefined();
  });
});

test("whoever presents the same secret gets the same successor, whichever signing key it is under", () => {
  const presented = digest(0);
  const first = rotate(minted(), 0, T0).secrets;
  const options = { force: false, oneAtATime: false, now: T0 + 5 };
  const again = rotateSecret(first, presented, successorsOf(presented), options, isSame);
  expect(again.successor).toBe(0);
  expect(again.secrets.digest).toEqual(first.digest);
  // A newer key was put in front since: the successor that was given out is the second of two.
  const underBoth = successorsOf(presented, [7, 0]);
  expect(rotateSecret(first, presented, underBoth, options, isSame).successor).toBe(1);
  // The key is gone, and the successor with it: the caller keeps what it has, and that goes on working.
  const underAnother = successorsOf(presented, [7]);
  expect(rotateSecret(first, presented, underAnother, options, isSame)).toEqual({
    secrets: first,
    successor: undefined,
  });
});

test("whoever rotates in a loop gets no more than a few secrets a minute, and loses none of them", () => {
  let secrets = minted();
  let generation = 0;
  for (let call = 0; call < 100; call++) {
    secrets = used(secrets, generation, T0 + call);
    const rotation = rotate(secrets, generation, T0 + call);
    if (rotation.successor !== undefined) generation++;
    secrets = rotation.secrets;
  }
  expect(generation).toBe(8);
  for (let old = 0; old <= generation; old++) expect(present(secrets, old, T0 + 100)).toBeDefined();
  const later = T0 + SUPERSEDED_GRACE_MS + 100;
  expect(rotate(used(secrets, generation, later), generation, later).successor).toBe(0);
});

describe("tabs of one browser that share what is stored", () => {
  /** The client gives a call 15 seconds; here each way may take as long as the grace bears: half of it. */
  const wayMs = fc.nat(SUPERSEDED_GRACE_MS / 2 - 1);

  /** Each call takes what is stored when it starts, and may lose its answer. */
  const call = fc.record({
    isRefresh: fc.boolean(),
    force: fc.boolean(),
    startsAfterMs: fc.oneof(
      { weight: 8, arbitrary: fc.nat(SUPERSEDED_GRACE_MS / 4) },
      { weight: 1, arbitrary: fc.nat(2 * ROTATE_AFTER_MS) },
    ),
    arrivesAfterMs: wayMs,
    answerTakesMs: wayMs,
    answerIsLost: fc.boolean(),
  });

  test("never lose the session, whatever overtakes what", () => {
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 60 }), (calls) => {
        type Event = { readonly at: number; readonly run: () => void };
        const events: Event[] = [];
        let secrets = minted();
        let stored = 0;
        let startsAt = T0;
        for (const one of calls) {
          startsAt += one.startsAfterMs;
          const begins = startsAt;
          const run = () => {
            const generation = stored;
            const arrives = begins + one.arrivesAfterMs;
            const arrive = () => {
              secrets = used(secrets, generation, arrives);
              if (!one.isRefresh) return;
              const rotation = rotate(secrets, generation, arrives, one.force);
              secrets = rotation.secrets;
              if (rotation.successor === undefined || one.answerIsLost) return;
              const answered = () => {
                stored = Math.max(stored, generation + 1);
              };
              events.push({ at: arrives + one.answerTakesMs, run: answered });
            };
            events.push({ at: arrives, run: arrive });
          };
          events.push({ at: begins, run });
        }
        while (events.length > 0) {
          events.sort((a, b) => a.at - b.at);
          events.shift()?.run();
        }
        used(secrets, stored, startsAt + 100 * ROTATE_AFTER_MS);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a thief's copy and the owner's do not live on side by side", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 4, maxLength: 40 }), (turns) => {
        // Both begin with one copy, each refreshes what it holds day by day.
        const holds = { owner: 0, thief: 0 };
        let secrets = minted();
        const seen = new Set<string>();
        for (const [day, isThief] of turns.entries()) {
          const now = T0 + (day + 1) * ROTATE_AFTER_MS;
          const who = isThief ? "thief" : "owner";
          const after = present(secrets, holds[who], now);
          if (after === undefined) return;
          const rotation = rotate(after, holds[who], now, false);
          secrets = rotation.secrets;
          if (rotation.successor !== undefined) {
            holds[who]++;
            seen.add(who);
          }
          // Rotations alternate without theft only as long as one of the two never comes back.
          if (seen.size === 2 && holds.owner !== holds.thief) {
            const behind = Math.min(holds.owner, holds.thief);
            const muchLater = now + 10 * SUPERSEDED_GRACE_MS;
            const current = used(secrets, Math.max(holds.owner, holds.thief), now + 1);
            expect(present(current, behind, muchLater)).toBeUndefined();
          }
        }
      }),
    );
  });
});
