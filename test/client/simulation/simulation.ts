// A run: a browser, a server and what lies between, and what was asked of them by whom.
import type { Lifetimes } from "../../../src/domain/session-state.ts";
import { Browser } from "./browser.ts";
import { ModelServer } from "./model-server.ts";
import type { ModelSession } from "./model-session.ts";
import { Network } from "./network.ts";
import type { ClientSettings, Tab } from "./tab.ts";
import { World } from "./world.ts";

/** From when nothing goes wrong any more until everything has to be right. */
const HEALING_MS = 150_000;
/** Longer than a client waits for an answer. */
const ANSWERED_MS = 20_000;

export interface SimulationOptions {
  readonly settings: ClientSettings;
  readonly lifetimes: Lifetimes;
}

export class Simulation {
  readonly world: World;
  readonly server: ModelServer;
  readonly network: Network;
  readonly browser: Browser;
  readonly settings: ClientSettings;
  /** Whether somebody called `createSession`. */
  isCreationAsked = false;
  /** Messages that the person gave up. */
  readonly dismissed = new Set<string>();
  /** Messages that the person sent once more. */
  readonly resent = new Set<string>();
  /** What went wrong on the way. */
  readonly violations: string[] = [];
  /** Whether storage was anything but good at some time. */
  isStorageBroken = false;
  /** Whether anything was lost on the way to the server at some time. */
  isNetworkBroken = false;
  #written = 0;

  constructor(seed: number, { settings, lifetimes }: SimulationOptions) {
    this.world = new World(seed);
    this.server = new ModelServer(this.world, lifetimes);
    this.network = new Network(this.world, this.server);
    this.settings = settings;
    this.browser = new Browser(this.world, this.network, settings);
  }

  get someTab(): Tab | undefined {
    return this.world.pick(this.browser.running);
  }

  get liveSessions(): readonly ModelSession[] {
    const sessions = [...this.server.sessions.values()];
    for (const session of sessions) {
      session.expireIfDue(this.world.now);
    }
    return sessions.filter(
      (session) => session.status === "active" && !this.server.isPurged(session),
    );
  }

  write(tab: Tab, prefix = "message"): void {
    this.#written += 1;
    this.browser.write(tab, `${prefix} ${this.#written}`);
  }

  createSession(tab: Tab): void {
    tab.note("is asked to create a session");
    this.isCreationAsked = true;
    tab.client.createSession().catch(() => undefined);
  }

  sendUnsent(tab: Tab): void {
    tab.note("is asked to send what is unsent");
    for (const { key } of tab.client.getState().previous?.unsent ?? []) {
      this.resent.add(key);
    }
    tab.client.sendUnsent();
  }

  dismissPrevious(tab: Tab): void {
    tab.note("is asked to dismiss the previous session");
    for (const { key } of tab.client.getState().previous?.unsent ?? []) {
      this.dismissed.add(key);
    }
    tab.client.dismissPrevious();
  }

  freeze(tab: Tab): void {
    tab.freeze();
    if (this.network.linksOf(tab).length > 0) {
      this.violations.push(`${tab.name} kept its socket when it was put away`);
    }
  }

  setNetwork(state: Network["state"]): void {
    this.world.note("network", state);
    this.network.state = state;
    this.isNetworkBroken ||= state !== "good";
    for (const tab of this.browser.running) {
      tab.signal("network");
    }
  }

  loseConnections(): void {
    this.isNetworkBroken = true;
    this.network.lose();
  }

  sleep(ms: number): void {
    this.isNetworkBroken = true;
    this.network.sleep();
    this.world.skip(ms);
  }

  /** From now on nothing goes wrong, somebody looks at every tab, and there is at least one. */
  async heal(): Promise<void> {
    this.world.note("world", "heals");
    this.server.limitedUntil = 0;
    this.browser.storage.health = "good";
    for (const tab of this.browser.frozen) {
      tab.thaw();
    }
    if (this.network.state !== "good") {
      this.setNetwork("good");
    }
    if (this.browser.running.length === 0) {
      this.browser.open();
    }
    // Whoever was shown all the time has to know by itself.
    for (const tab of this.browser.running.filter(({ isVisible }) => !isVisible)) {
      tab.show(true);
    }
    await this.world.pass(HEALING_MS);
    if (this.browser.running.some(({ client }) => client.getState().status === "refreshing")) {
      // An interval has just come round: what is under way is answered, or given up.
      await this.world.pass(ANSWERED_MS);
    }
  }
}
