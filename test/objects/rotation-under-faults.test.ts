// Tabs of one browser share one token while it rotates: calls overtake each other, answers are lost or late, the object is
// evicted, days go by. As a client does, a tab keeps a new token only where what it replaces is still what is stored.
import fc from "fast-check";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { SUPERSEDED_GRACE_MS } from "../../src/protocol/limits.ts";
import { newSession, newTeam } from "../support/api.ts";
import { DAY_MS } from "../support/clock.ts";
import { evict } from "../support/eviction.ts";
import { refusal } from "../support/problem.ts";
import { askRefresh, auditOf, callWith } from "../support/sharing.ts";

let teamId: string;

beforeAll(async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  teamId = await newTeam();
});
afterEach(() => {
  vi.useRealTimers();
});

type Act = "validate" | "refresh" | "rotate";

interface TabCall {
  readonly act: Act;
  /** After the call before it started. */
  readonly startsAfterMs: number;
  readonly arrivesAfterMs: number;
  readonly answerTakesMs: number;
  readonly answerIsLost: boolean;
  readonly evictsBefore: boolean;
  /** So many more arrive in the same instant. */
  readonly twins: number;
}

/** There and back, together within the grace. */
const wayMs = fc.nat(SUPERSEDED_GRACE_MS / 2 - 1);

const tabCall: fc.Arbitrary<TabCall> = fc.record({
  act: fc.constantFrom<Act>("validate", "refresh", "rotate"),
  startsAfterMs: fc.oneof(
    { weight: 6, arbitrary: fc.nat(SUPERSEDED_GRACE_MS / 4) },
    { weight: 1, arbitrary: fc.nat(2 * DAY_MS) },
  ),
  arrivesAfterMs: wayMs,
  answerTakesMs: wayMs,
  answerIsLost: fc.boolean(),
  evictsBefore: fc.boolean(),
  twins: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(4) }),
});

interface Event {
  readonly at: number;
  run(): Promise<void> | void;
}

/** Runs events in the order of their time, at their time; they may add others. */
async function runAll(events: Event[]): Promise<void> {
  while (events.length > 0) {
    events.sort((a, b) => a.at - b.at);
    const event = events.shift();
    vi.setSystemTime(event?.at ?? 0);
    await event?.run();
  }
}

async function perform(token: string, act: Act): Promise<string | undefined> {
  const response =
    act === "validate"
      ? await callWith(token, "/validate")
      : await askRefresh(token, act === "rotate" ? { rotate: true } : {});
  if (!response.ok) throw new Error(`${act} was refused: ${await refusal(response)}`);
  return (await response.json<{ token?: string }>()).token;
}

test("whatever overtakes what, and whatever is lost, the tabs keep the session", {
  timeout: 60_000,
}, async () => {
  let rotations = 0;
  const property = fc.asyncProperty(
    fc.array(tabCall, { minLength: 4, maxLength: 20 }),
    async (calls) => {
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
      const { session, token } = await newSession(teamId);
      let stored = token;
      const events: Event[] = [];
      let startsAt = Date.now();
      for (const one of calls) {
        startsAt += one.startsAfterMs;
        const at = startsAt;
        const keep = (presented: string, answered: string | undefined) => {
          if (answered === undefined || stored !== presented) return;
          stored = answered;
          rotations++;
        };
        const arrive = (presented: string, arrives: number) => async () => {
          if (one.evictsBefore) await evict(session.id);
          const twins = Array.from({ length: one.twins + 1 }, () => perform(presented, one.act));
          const answers = new Set(await Promise.all(twins));
          expect(answers.size).toBe(1);
          const [answered] = answers;
          if (one.answerIsLost) return;
          events.push({ at: arrives + one.answerTakesMs, run: () => keep(presented, answered) });
        };
        const begin = () => {
          const arrives = at + one.arrivesAfterMs;
          events.push({ at: arrives, run: arrive(stored, arrives) });
        };
        events.push({ at, run: begin });
      }
      await runAll(events);
      vi.setSystemTime(Date.now() + 20 * DAY_MS);
      await evict(session.id);
      expect(await perform(stored, "refresh")).toBeDefined();
      expect(await auditOf(session.id, "credential.superseded_secret_used")).toEqual([]);
      vi.useRealTimers();
    },
  );
  await fc.assert(property, { numRuns: 25 });
  // Not for want of rotations.
  expect(rotations).toBeGreaterThan(20);
});

test("a thief's copy and its owner's come to an end, whoever of the two goes on with it", {
  timeout: 60_000,
}, async () => {
  const turns = fc.array(fc.constantFrom("owner", "thief"), { minLength: 3, maxLength: 12 });
  const property = fc.asyncProperty(turns, fc.boolean(), async (days, evicts) => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const { session, token } = await newSession(teamId);
    const holds = new Map([
      ["owner", token],
      ["thief", token],
    ]);
    let isOver = false;
    for (const who of days) {
      vi.setSystemTime(Date.now() + DAY_MS);
      if (evicts) await evict(session.id);
      const response = await askRefresh(holds.get(who) ?? "");
      if (isOver) {
        expect(await refusal(response)).toBe("401 invalid_credential");
        continue;
      }
      // Whoever is a generation behind the other comes when its time is over: theft, for both.
      isOver = !response.ok;
      if (isOver) expect(await refusal(response)).toBe("401 invalid_credential");
      else {
        const { token: next = "" } = await response.json<{ token?: string }>();
        holds.set(who, next);
        await callWith(next, "/validate");
      }
    }
    const holders = new Set(days);
    const alternates = holders.size === 2;
    expect(isOver).toBe(alternates);
    const thefts = await auditOf(session.id, "credential.superseded_secret_used");
    expect(thefts).toHaveLength(alternates ? 1 : 0);
    vi.useRealTimers();
  });
  await fc.assert(property, { numRuns: 20 });
});
