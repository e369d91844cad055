import type { Tab } from "./tab.ts";
import type { World } from "./world.ts";

/** How long a tab waits for another before it goes ahead regardless. */
const PATIENCE_MS = 3_000;

interface Waiting {
  readonly tab: Tab;
  readonly granted: () => void;
}

/** Locks by name over all tabs, as a browser has them: whoever is gone holds none any more. */
export class Locks {
  readonly #world: World;
  readonly #queues = new Map<string, Waiting[]>();

  constructor(world: World) {
    this.#world = world;
  }

  async hold<T>(tab: Tab, name: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    const place = await this.#granted(tab, queue);
    try {
      return await work();
    } finally {
      this.#leave(queue, place);
    }
  }

  ended(tab: Tab): void {
    for (const queue of this.#queues.values()) {
      for (const place of queue.filter((one) => one.tab === tab)) {
        this.#leave(queue, place);
      }
    }
  }

  #granted(tab: Tab, queue: Waiting[]): Promise<Waiting> {
    return new Promise((resolve) => {
      const place: Waiting = { tab, granted: () => tab.deliver(() => resolve(place)) };
      queue.push(place);
      if (queue[0] === place) {
        place.granted();
      } else {
        this.#world.after(PATIENCE_MS, () => tab.deliver(() => resolve(place)));
      }
    });
  }

  #leave(queue: Waiting[], place: Waiting): void {
    const index = queue.indexOf(place);
    if (index >= 0) {
      queue.splice(index, 1);
      if (index === 0) {
        queue[0]?.granted();
      }
    }
  }
}
