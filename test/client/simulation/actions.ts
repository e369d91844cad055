// What may happen to a browser: each a line or a few. Scenarios say how often.
import { REFUSED_CONTENT } from "./model-peer.ts";
import type { Simulation } from "./simulation.ts";
import type { Tab } from "./tab.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

type Action = (simulation: Simulation) => void;

/** Something that a tab is needed for. */
function toTab(act: (tab: Tab, simulation: Simulation) => void): Action {
  return (simulation) => {
    const tab = simulation.someTab;
    if (tab) {
      act(tab, simulation);
    }
  };
}

function breakStorage(health: "blocked" | "full"): Action {
  return (simulation) => {
    simulation.world.note("storage", health);
    simulation.browser.storage.health = health;
    simulation.isStorageBroken = true;
  };
}

export const ACTIONS = {
  open: ({ browser }) => void browser.open(),
  write: toTab((tab, simulation) => {
    for (let left = simulation.world.between(1, 4); left > 0; left -= 1) {
      simulation.write(tab);
    }
  }),
  writeRefused: toTab((tab, simulation) => simulation.write(tab, REFUSED_CONTENT)),
  reload: toTab((tab, { browser }) => void browser.reload(tab)),
  close: toTab((tab, { browser }) => browser.close(tab)),
  kill: toTab((tab, { browser }) => browser.kill(tab)),
  freeze: toTab((tab, simulation) => simulation.freeze(tab)),
  thaw: ({ world, browser }) => world.pick(browser.frozen)?.thaw(),
  hide: toTab((tab) => tab.show(false)),
  show: toTab((tab) => tab.show(true)),
  refresh: toTab((tab) => void tab.client.refreshSession().catch(() => undefined)),
  terminate: toTab((tab) => tab.terminate()),
  createSession: toTab((tab, simulation) => simulation.createSession(tab)),
  sendUnsent: toTab((tab, simulation) => simulation.sendUnsent(tab)),
  dismissPrevious: toTab((tab, simulation) => simulation.dismissPrevious(tab)),
  answer: ({ world, server, liveSessions }) => {
    const session = world.pick(liveSessions);
    if (session) {
      server.answer(session, "an answer");
    }
  },
  purge: ({ world, server }) => {
    // Long after its end, by whichever clock.
    const over = [...server.sessions.values()].filter(
      ({ status, endedAt }) => status === "expired" && endedAt < world.now - HOUR_MS,
    );
    const session = world.pick(over);
    if (session) {
      server.purge(session);
    }
  },
  goodNetwork: (simulation) => simulation.setNetwork("good"),
  lossyNetwork: (simulation) => simulation.setNetwork("lossy"),
  offline: (simulation) => {
    simulation.setNetwork("offline");
    simulation.loseConnections();
  },
  serverDown: (simulation) => {
    simulation.setNetwork("down");
    simulation.loseConnections();
  },
  loseConnections: (simulation) => simulation.loseConnections(),
  resync: ({ world, network }) => world.pick(network.links)?.resync(),
  limitRate: ({ world, server }) => {
    server.limitedUntil = world.now + world.between(1_000, 20_000);
  },
  clearStorage: (simulation) => {
    simulation.world.note("storage", "cleared");
    simulation.isStorageBroken = true;
    simulation.browser.storage.clear();
    for (const written of simulation.browser.written) {
      written.isKept &&= written.outcome !== "open";
    }
  },
  blockStorage: breakStorage("blocked"),
  fillStorage: breakStorage("full"),
  sleepMinutes: (simulation) => simulation.sleep(simulation.world.between(1, 120) * MINUTE_MS),
  sleepADay: (simulation) => simulation.sleep(simulation.world.between(20, 60) * HOUR_MS),
} as const satisfies Readonly<Record<string, Action>>;

export type ActionName = keyof typeof ACTIONS;
