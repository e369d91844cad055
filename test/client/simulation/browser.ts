// A browser with its tabs: what they share, what they tell each other, and how they come and go.
import type { KeyValueStorage, TabMessage } from "../../../client/core/environment.ts";
import { MemoryStorage } from "../fake-environment.ts";
import { Locks } from "./locks.ts";
import type { Network } from "./network.ts";
import { Delays, SharedStorage } from "./shared-storage.ts";
import { type ClientSettings, Tab, type Written } from "./tab.ts";
import type { World } from "./world.ts";

export class Browser {
  readonly storage: SharedStorage;
  readonly network: Network;
  /** How far the device's clock is off. */
  readonly clockOffsetMs: number;
  readonly written: Written[] = [];
  /** All tabs that there ever were. */
  readonly tabs: Tab[] = [];
  /** Sessions that a person ended here. */
  readonly askedToEnd = new Set<string>();
  /** What was told among tabs. */
  readonly posted: string[] = [];
  readonly #world: World;
  readonly #settings: ClientSettings;
  readonly #locks: Locks | undefined;
  readonly #ways = new Map<string, Delays>();

  constructor(world: World, network: Network, settings: ClientSettings) {
    this.#world = world;
    this.network = network;
    this.#settings = settings;
    this.storage = new SharedStorage(world);
    this.clockOffsetMs = world.chance(0.5) ? 0 : world.between(-3_600_000, 3_600_000);
    this.#locks = world.chance(0.5) ? new Locks(world) : undefined;
  }

  get running(): readonly Tab[] {
    return this.tabs.filter(({ state }) => state === "running");
  }

  get frozen(): readonly Tab[] {
    return this.tabs.filter(({ state }) => state === "frozen");
  }

  open(): Tab {
    return this.#load(this.storage.open(), new MemoryStorage());
  }

  /** The same tab and process, a new page. */
  reload(tab: Tab): Tab {
    this.#end(tab, "closed");
    return this.#load(tab.storage, tab.tabStorage);
  }

  close(tab: Tab): void {
    this.#end(tab, "closed");
    this.storage.close(tab.storage);
  }

  /** Its process is gone between any two events. */
  kill(tab: Tab): void {
    this.#end(tab, "killed");
    this.storage.close(tab.storage);
  }

  write(tab: Tab, content: string): void {
    this.written.push(tab.write(content));
  }

  post(from: Tab, message: TabMessage): void {
    this.posted.push(JSON.stringify(message));
    from.note(`tells ${message.kind}`);
    for (const tab of this.tabs) {
      if (tab !== from && tab.state !== "gone" && !this.#world.chance(0.05)) {
        this.#way(from, tab).after(() => tab.hear(message));
      }
    }
  }

  async exclusively<T>(tab: Tab, name: string, work: () => Promise<T>): Promise<T> {
    return this.#locks ? await this.#locks.hold(tab, name, work) : await work();
  }

  #load(shared: Tab["storage"], own: KeyValueStorage): Tab {
    const name = `tab${this.tabs.length + 1}`;
    const tab = new Tab(this, this.#world, name, { shared, own }, this.#settings);
    this.tabs.push(tab);
    return tab;
  }

  #end(tab: Tab, how: "closed" | "killed"): void {
    tab.end(how);
    this.#locks?.ended(tab);
    for (const link of this.network.linksOf(tab)) {
      link.fail(0);
    }
  }

  #way(from: Tab, to: Tab): Delays {
    const key = `${from.name} ${to.name}`;
    const way = this.#ways.get(key) ?? new Delays(this.#world, 100);
    this.#ways.set(key, way);
    return way;
  }
}
