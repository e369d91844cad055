// The steps of a life, as fast-check draws them.
import fc from "fast-check";
import { vi } from "vitest";
import { MINUTE_MS } from "../../support/clock.ts";
import { killObject } from "../../support/object-of.ts";
import * as calls from "./calls.ts";
import * as mishaps from "./mishaps.ts";
import type { SessionModel } from "./model.ts";
import type { World } from "./world.ts";

type Step = fc.AsyncCommand<readonly SessionModel[], World, boolean>;

export type Steps = Iterable<fc.AsyncCommand<readonly SessionModel[], World, boolean>>;

type Act = (world: World, chat: SessionModel) => Promise<unknown>;

/** @param which of the sessions there are, round and round */
function step(name: string, which: number, details: object, act: Act): Step {
  const title = `${name} ${JSON.stringify({ which, ...details })}`;
  return {
    check: (sessions) => sessions.length > 0,
    async run(sessions, world) {
      const chat = sessions[which % sessions.length];
      if (chat === undefined) return;
      await world.step(`${title} ${new Date().toISOString()}`, async () => {
        await act(world, chat);
      });
    },
    toString: () => title,
  };
}

const MAX_SESSIONS = 3;

const create: Step = {
  check: (sessions) => sessions.length < MAX_SESSIONS,
  run: (_, world) => world.step("create", () => world.create()),
  toString: () => "create",
};

const which = fc.nat(MAX_SESSIONS - 1);
const some = fc.nat(4);
const who = fc.constantFrom<calls.Who>("visitor", "team");
const yes = fc.boolean();
const RATES = [0, 0.1, 0.3, 1] as const;
const rate = fc.constantFrom(...RATES);
const HOUR = 60;
const DAY = 24 * HOUR;
/** Short times come more often: the dead have little to tell. */
const minutes = fc.constantFrom(
  1,
  1,
  11,
  11,
  HOUR + 5,
  3 * HOUR,
  DAY + HOUR,
  DAY + HOUR,
  8 * DAY,
  31 * DAY,
  100 * DAY,
);

/** How many turns each kind has among all. */
const STEPS: readonly fc.WeightedArbitrary<Step>[] = [
  { weight: 3, arbitrary: fc.constant(create) },
  {
    weight: 8,
    arbitrary: fc
      .tuple(which, who, yes)
      .map(([at, by, withFile]) =>
        step("post", at, { by, withFile }, (world, chat) => calls.post(world, chat, by, withFile)),
      ),
  },
  {
    weight: 3,
    arbitrary: which.map((at) => step("answer", at, {}, calls.streamAnswer)),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(which, who)
      .map(([at, by]) =>
        step("upload", at, { by }, (world, chat) => calls.bringFile(world, chat, by)),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(which, some)
      .map(([at, file]) =>
        step("download", at, { file }, (world, chat) => calls.fetchFile(world, chat, file)),
      ),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(which, some, who)
      .map(([at, file, by]) =>
        step("delete file", at, { file, by }, (world, chat) =>
          calls.deleteFile(world, chat, file, by),
        ),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(which, yes)
      .map(([at, rotate]) =>
        step("refresh", at, { rotate }, (world, chat) => calls.refresh(world, chat, rotate)),
      ),
  },
  { weight: 1, arbitrary: which.map((at) => step("identify", at, {}, calls.identify)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(which, who)
      .map(([at, by]) => step("end", at, { by }, (world, chat) => calls.end(world, chat, by))),
  },
  { weight: 1, arbitrary: which.map((at) => step("erase", at, {}, calls.erase)) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(which, some)
      .map(([at, message]) =>
        step("redact", at, { message }, (world, chat) => calls.redact(world, chat, message)),
      ),
  },
  { weight: 3, arbitrary: which.map((at) => step("read", at, {}, calls.read)) },
  { weight: 2, arbitrary: which.map((at) => step("export", at, {}, calls.takeOut)) },
  {
    weight: 5,
    arbitrary: fc.tuple(rate, rate).map(([index, bucket]) =>
      step("faults", 0, { index, bucket }, async (world) => {
        if (index + bucket === 0) await world.faults.calm();
        else world.faults.rates = { index, bucket };
      }),
    ),
  },
  {
    weight: 6,
    arbitrary: minutes.map((later) =>
      step("clock", 0, { later }, async () => {
        vi.setSystemTime(Date.now() + later * MINUTE_MS);
      }),
    ),
  },
  {
    weight: 8,
    arbitrary: fc.tuple(which, yes).map(([at, isBeside]) =>
      step("alarm", at, { isBeside }, async (world, chat) => {
        const run = mishaps.runAlarm(world, chat);
        if (isBeside) world.beside(run);
        else await run;
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: which.map((at) => step("alarm again", at, {}, mishaps.runAlarmAgain)),
  },
  {
    weight: 2,
    arbitrary: which.map((at) => step("alarm lost", at, {}, mishaps.loseAlarm)),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(which, yes)
      .map(([at, closes]) =>
        step("evict", at, { closes }, (world, chat) => mishaps.forget(world, chat, closes)),
      ),
  },
  { weight: 2, arbitrary: which.map((at) => step("die", at, {}, (_, { id }) => killObject(id))) },
  {
    weight: 3,
    arbitrary: fc.tuple(yes, yes).map(([isTwice, isBeside]) =>
      step("cleanup", 0, { isTwice, isBeside }, async (world) => {
        const run = Promise.all([
          mishaps.cleanUp(world),
          ...(isTwice ? [mishaps.cleanUp(world)] : []),
        ]);
        if (isBeside) world.beside(run);
        else await run;
      }),
    ),
  },
  { weight: 1, arbitrary: which.map((at) => step("reindex", at, {}, mishaps.reindex)) },
];

const MAX_STEPS = 30;

export const lives = fc.commands([fc.oneof(...STEPS)], { maxCommands: MAX_STEPS, size: "max" });
