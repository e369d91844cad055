// What a run is made of: how many tabs, what happens to them and how often, and how much time lies between.
import { DEFAULT_POLICY } from "../../../src/domain/policy.ts";
import type { Lifetimes } from "../../../src/domain/session-state.ts";
import { ACTIONS, type ActionName } from "./actions.ts";
import { Simulation } from "./simulation.ts";
import type { ClientSettings } from "./tab.ts";

export interface Scenario {
  readonly name: string;
  readonly tabs: readonly [least: number, most: number];
  /** Within this time all of them are opened. */
  readonly openedWithinMs: number;
  readonly steps: readonly [least: number, most: number];
  readonly pauseMs: number;
  /** How often each comes, in proportion. */
  readonly weights: Readonly<Partial<Record<ActionName, number>>>;
  readonly settings: ClientSettings;
  readonly lifetimes: Lifetimes;
  readonly firstNetwork: "good" | "offline" | "down";
}

const MINUTE_DAYS = 1 / 1440;

const USUAL = {
  tabs: [1, 4],
  openedWithinMs: 3_000,
  steps: [10, 30],
  pauseMs: 4_000,
  weights: {},
  settings: {},
  lifetimes: DEFAULT_POLICY,
  firstNetwork: "good",
} as const;

const BAD_NETWORK = {
  goodNetwork: 3,
  lossyNetwork: 2,
  offline: 1,
  serverDown: 1,
  loseConnections: 2,
  resync: 1,
} as const;

const COMING_AND_GOING = {
  open: 2,
  reload: 2,
  close: 1,
  kill: 2,
  freeze: 2,
  thaw: 3,
  hide: 1,
  show: 1,
} as const;

export const SCENARIOS: readonly Scenario[] = [
  {
    ...USUAL,
    name: "ten tabs opened at once",
    tabs: [10, 10],
    openedWithinMs: 60,
    steps: [0, 6],
    weights: { write: 4, answer: 1 },
  },
  {
    ...USUAL,
    name: "tabs opened without a server",
    openedWithinMs: 2_000,
    firstNetwork: "down",
    weights: {
      write: 5,
      open: 2,
      reload: 1,
      kill: 1,
      goodNetwork: 1,
      lossyNetwork: 2,
      serverDown: 1,
    },
  },
  {
    ...USUAL,
    name: "a bad network",
    weights: { ...BAD_NETWORK, write: 8, writeRefused: 1, answer: 3, limitRate: 1 },
  },
  {
    ...USUAL,
    name: "tabs that come and go",
    weights: { ...COMING_AND_GOING, write: 8, answer: 2, loseConnections: 1 },
  },
  {
    ...USUAL,
    name: "ended in one tab and used in others",
    tabs: [2, 5],
    pauseMs: 700,
    weights: { ...COMING_AND_GOING, write: 6, refresh: 4, terminate: 2, createSession: 1 },
  },
  {
    ...USUAL,
    name: "sessions that expire",
    lifetimes: { idleDays: 10 * MINUTE_DAYS, absoluteDays: 180 },
    weights: {
      ...COMING_AND_GOING,
      write: 8,
      answer: 1,
      offline: 1,
      goodNetwork: 2,
      sleepMinutes: 3,
      purge: 2,
      sendUnsent: 1,
      dismissPrevious: 1,
    },
  },
  {
    ...USUAL,
    name: "keys that grow old",
    weights: {
      ...COMING_AND_GOING,
      write: 4,
      refresh: 3,
      sleepADay: 4,
      loseConnections: 1,
      lossyNetwork: 1,
      goodNetwork: 2,
    },
  },
  {
    ...USUAL,
    name: "a storage that fails",
    weights: {
      ...COMING_AND_GOING,
      write: 8,
      clearStorage: 1,
      blockStorage: 1,
      fillStorage: 1,
      loseConnections: 1,
    },
  },
  {
    ...USUAL,
    name: "an hour of looking and looking away",
    tabs: [2, 5],
    pauseMs: 240_000,
    settings: { refreshInterval: 5 },
    weights: { hide: 3, show: 3, write: 1, freeze: 1, thaw: 2 },
  },
  {
    ...USUAL,
    name: "sessions that begin with a message",
    settings: { autoCreate: "lazy" },
    lifetimes: { idleDays: 10 * MINUTE_DAYS, absoluteDays: 180 },
    weights: {
      ...COMING_AND_GOING,
      ...BAD_NETWORK,
      write: 3,
      terminate: 1,
      createSession: 1,
      sleepMinutes: 1,
      sendUnsent: 1,
      dismissPrevious: 1,
    },
  },
  {
    ...USUAL,
    name: "a key in a cookie",
    tabs: [1, 8],
    openedWithinMs: 100,
    settings: { tokenTransport: "cookie" },
    weights: {
      ...COMING_AND_GOING,
      ...BAD_NETWORK,
      write: 8,
      refresh: 2,
      terminate: 1,
      createSession: 1,
    },
  },
  {
    ...USUAL,
    name: "a cookie that grows old",
    // Of two that were created at once one has the cookie, and a sleep may be longer than the other can be had again.
    tabs: [1, 1],
    settings: { tokenTransport: "cookie" },
    weights: {
      ...COMING_AND_GOING,
      write: 4,
      refresh: 3,
      sleepADay: 4,
      loseConnections: 1,
      lossyNetwork: 1,
      goodNetwork: 2,
    },
  },
  {
    ...USUAL,
    name: "everything",
    steps: [20, 50],
    weights: {
      ...COMING_AND_GOING,
      ...BAD_NETWORK,
      write: 12,
      writeRefused: 1,
      answer: 3,
      limitRate: 1,
      refresh: 1,
      sleepADay: 1,
    },
  },
];

/** Seeds take turns at the scenarios, so that a number alone repeats a run. */
export function scenarioOf(seed: number): Scenario {
  const [first] = SCENARIOS;
  const scenario = SCENARIOS[seed % SCENARIOS.length] ?? first;
  if (!scenario) {
    throw new Error("There is no scenario.");
  }
  return scenario;
}

/** Plays the scenario of a seed to its end. */
export async function play(seed: number): Promise<Simulation> {
  const scenario = scenarioOf(seed);
  const simulation = new Simulation(seed, scenario);
  const { world, browser, network } = simulation;
  network.state = scenario.firstNetwork;
  simulation.isNetworkBroken = network.state !== "good";
  network.slownessMs = world.between(5, 400);
  for (let left = world.between(...scenario.tabs); left > 0; left -= 1) {
    world.after(world.random() * scenario.openedWithinMs, () => void browser.open());
  }
  await world.pass(scenario.openedWithinMs);
  const bag = Object.entries(scenario.weights).flatMap(([name, weight]) =>
    Array.from({ length: weight }, () => name as ActionName),
  );
  for (let left = world.between(...scenario.steps); left > 0; left -= 1) {
    const name = world.pick(bag);
    if (name !== undefined) {
      ACTIONS[name](simulation);
    }
    await world.pass(world.random() ** 3 * scenario.pauseMs);
  }
  await simulation.heal();
  return simulation;
}
