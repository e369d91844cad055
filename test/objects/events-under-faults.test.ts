// A receiver that fails at random, is slow, dies and comes back, and an object that is evicted or killed at random moments:
// every event arrives, in order, none is skipped. From seeds: a failing one runs again with EVENT_SEEDS=<seed>.
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { runAlarms } from "../support/alarms.ts";
import { call, newSession } from "../support/api.ts";
import { DAY_MS, MINUTE_MS } from "../support/clock.ts";
import { evict } from "../support/eviction.ts";
import { killObject } from "../support/object-of.ts";
import { seededRandom } from "../support/random.ts";
import { newHearingTeam, type ReceiverAnswer } from "../support/receiver.ts";

const STEPS = 40;

const [firstSeed = 1, lastSeed = firstSeed] = env.EVENT_SEEDS.split("-").map(Number);
const seeds = Array.from({ length: lastSeed - firstSeed + 1 }, (_, index) => firstSeed + index);

afterEach(() => {
  vi.useRealTimers();
});

const ANSWERS: readonly ReceiverAnswer[] = [
  { status: 200 },
  { status: 200, delayMs: 3 },
  { status: 500 },
  { status: 500, delayMs: 3 },
  { status: 302, headers: { Location: "https://receiver.example/elsewhere" } },
  { status: 503, headers: { "Retry-After": "30" } },
];

describe.each(seeds)("seed %i", (seed) => {
  test("every event arrives, in order, and a batch of one id is one batch", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const random = seededRandom(seed);
    const pick = <T>(some: readonly T[]) => some[Math.floor(random() * some.length)] as T;
    const { teamId, receiver } = await newHearingTeam();
    const { session, token } = await newSession(teamId);
    const path = `/api/sessions/${session.id}`;
    let stored = 0;
    for (let step = 0; step < STEPS; step++) {
      const dice = random();
      if (dice < 0.5) {
        const body = { clientId: `m-${step}`, content: `message ${step}` };
        // Whoever is answered by an object that dies asks again.
        const post = () => call(`${path}/messages`, { bearer: token, body });
        const { status } = await post();
        expect([200, 201]).toContain(status);
        stored++;
      } else if (dice < 0.62) await evict(session.id);
      else if (dice < 0.7) await killObject(session.id);
      else if (dice < 0.85) {
        const answers = Array.from({ length: Math.ceil(random() * 4) }, () => pick(ANSWERS));
        await receiver.answer({ answers });
      } else await runAlarms(session.id, Date.now() + Math.floor(random() * 2 * MINUTE_MS));
      await scheduler.wait(random() < 0.5 ? 0 : 3);
    }
    await receiver.answer({ answers: [], always: { status: 200 } });
    await call(path, { method: "DELETE", bearer: token });
    await runAlarms(session.id, Date.now() + DAY_MS);

    const batches = await receiver.batches();
    const statuses = (await receiver.got()).map(({ status }) => status);
    // A retry is the batch that it was, whatever came meanwhile: what begins with the same event is the same.
    const batchesByFirst = new Map<string, string>();
    for (const { id, batch } of batches) {
      const ids = batch.events.map((event) => event.id);
      const text = [id, ...ids].join();
      const first = ids[0] ?? "";
      expect(batchesByFirst.get(first) ?? text).toBe(text);
      batchesByFirst.set(first, text);
    }
    const accepted = batches
      .filter((_, index) => statuses[index] === 200)
      .flatMap(({ batch }) => batch.events.map(({ id }) => Number(id.split("_").at(-1))));
    // What was accepted and not noted comes again, and then all that follows it; nothing comes before its time.
    const places = [
      1,
      ...Array.from({ length: stored }, (_, index) => 4 * (index + 1)),
      4 * stored + 3,
    ];
    expect([...new Set(accepted)]).toEqual(places);
    expect(accepted.at(-1)).toBe(places.at(-1));
    for (const { batch } of batches) {
      const numbers = batch.events.map(({ id }) => Number(id.split("_").at(-1)));
      const first = places.indexOf(numbers[0] ?? 0);
      expect(numbers).toEqual(places.slice(first, first + numbers.length));
    }
  });
});
