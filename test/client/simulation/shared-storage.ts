// The storage of an origin in a browser of several processes. A page reads and writes a copy of its own: it sees its own writes at
// once and the others' after a while. What counts in the end is the order in which writes reach the one backend: every copy comes
// to that, and until a page's own write has come back nobody else's older one goes over it.
import type { KeyValueStorage } from "../../../client/core/environment.ts";
import type { World } from "./world.ts";

/** `blocked`: every use throws. `full`: nothing grows any more. */
export type StorageHealth = "good" | "blocked" | "full";

interface Write {
  readonly from: StorageView | undefined;
  readonly key: string;
  /** Undefined removes it. */
  readonly value: string | undefined;
}

const MAX_DELAY_MS = 200;

export class SharedStorage {
  readonly #world: World;
  readonly #items = new Map<string, string>();
  readonly #views = new Set<StorageView>();
  health: StorageHealth = "good";

  constructor(world: World) {
    this.#world = world;
  }

  /** The copy of a page that is opened now: it begins with what the backend has. */
  open(): StorageView {
    const view = new StorageView(this, this.#world, this.#items);
    this.#views.add(view);
    return view;
  }

  /** A process is gone; what it wrote before is on its way. */
  close(view: StorageView): void {
    this.#views.delete(view);
  }

  /** The person clears what sites have stored. */
  clear(): void {
    for (const key of [...this.#items.keys()]) {
      this.arrived({ from: undefined, key, value: undefined });
    }
  }

  /** A write has reached the backend: its place in the order is settled now. */
  arrived(write: Write): void {
    set(this.#items, write);
    for (const view of this.#views) {
      view.told(write);
    }
  }
}

export class StorageView implements KeyValueStorage {
  readonly #shared: SharedStorage;
  readonly #world: World;
  readonly #items: Map<string, string>;
  /** Own writes of a key that have not come back. */
  readonly #pending = new Map<string, number>();
  readonly #toBackend: Delays;
  readonly #fromBackend: Delays;
  /** Whom the history names. */
  owner = "storage";
  /** The others' writes, as a page hears of them: its `storage` event. */
  changed: (key: string) => void = () => undefined;

  constructor(shared: SharedStorage, world: World, items: ReadonlyMap<string, string>) {
    this.#shared = shared;
    this.#world = world;
    this.#items = new Map(items);
    this.#toBackend = new Delays(world, MAX_DELAY_MS / 4);
    this.#fromBackend = new Delays(world, (MAX_DELAY_MS * 3) / 4);
  }

  get length(): number {
    this.#check();
    return this.#items.size;
  }

  key(index: number): string | null {
    this.#check();
    return [...this.#items.keys()][index] ?? null;
  }

  getItem(key: string): string | null {
    this.#check();
    return this.#items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.#check();
    const growth = value.length - (this.#items.get(key)?.length ?? -key.length);
    if (this.#shared.health === "full" && growth > 0) {
      throw new Error("QuotaExceededError");
    }
    this.#write(key, value);
  }

  removeItem(key: string): void {
    this.#check();
    this.#write(key, undefined);
  }

  /** Whether any item's key names it. */
  holds(name: string): boolean {
    return [...this.#items.keys()].some((key) => key.includes(name));
  }

  /** The backend says what was written, in its order. */
  told(write: Write): void {
    this.#fromBackend.after(() => {
      const pending = this.#pending.get(write.key) ?? 0;
      if (write.from === this) {
        this.#pending.set(write.key, pending - 1);
      } else {
        if (pending === 0) {
          set(this.#items, write);
        }
        this.changed(write.key);
      }
    });
  }

  #write(key: string, value: string | undefined): void {
    const write = { from: this, key, value };
    set(this.#items, write);
    this.#pending.set(key, (this.#pending.get(key) ?? 0) + 1);
    this.#world.note(
      this.owner,
      `stores ${key.slice(17, 60)} = ${value?.slice(0, 160) ?? "nothing"}`,
    );
    this.#toBackend.after(() => this.#shared.arrived(write));
  }

  #check(): void {
    if (this.#shared.health === "blocked") {
      throw new Error("SecurityError");
    }
  }
}

/** A way on which nothing overtakes. */
export class Delays {
  readonly #world: World;
  readonly #maxMs: number;
  #lastAt = 0;

  constructor(world: World, maxMs: number) {
    this.#world = world;
    this.#maxMs = maxMs;
  }

  after(callback: () => void, atLeastMs = 0): void {
    const { now } = this.#world;
    this.#lastAt = Math.max(this.#lastAt, now + atLeastMs + this.#world.random() * this.#maxMs);
    this.#world.after(this.#lastAt - now, callback);
  }
}

function set(items: Map<string, string>, { key, value }: Pick<Write, "key" | "value">): void {
  if (value === undefined) {
    items.delete(key);
  } else {
    items.set(key, value);
  }
}
