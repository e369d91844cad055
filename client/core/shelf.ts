import type { KeyValueStorage } from "./environment.ts";

/** What one team's client keeps in a storage, and in memory whatever that refuses. */
export interface Shelf {
  /** Of all names; empty where nothing is kept. */
  readonly prefix: string;
  /** Undefined where nothing stands. */
  get(name: string): string | undefined;
  /** Undefined removes it. */
  set(name: string, value: string | undefined): void;
  /** The names that begin with `prefix`, in no order. */
  names(prefix: string): string[];
}

/**
 * @param storage undefined where there is none
 * @param prefix of every key in it
 * @param refused called when the storage fails: from then on what it did not take lives as long as the page
 */
export function createShelf(
  storage: KeyValueStorage | undefined,
  prefix: string,
  refused: () => void,
): Shelf {
  /** Stands over the storage: what it did not take, undefined for what it did not let go. */
  const memory = new Map<string, string | undefined>();
  const attempt = <T>(use: (storage: KeyValueStorage) => T, otherwise: T): T => {
    try {
      if (storage) {
        return use(storage);
      }
    } catch {
      // Blocked, full, or gone.
    }
    refused();
    return otherwise;
  };
  return {
    prefix,
    get(name) {
      return memory.has(name)
        ? memory.get(name)
        : (attempt((items) => items.getItem(prefix + name), null) ?? undefined);
    },
    set(name, value) {
      const isKept = attempt((items) => {
        if (value === undefined) {
          items.removeItem(prefix + name);
        } else {
          items.setItem(prefix + name, value);
        }
        return true;
      }, false);
      if (isKept) {
        memory.delete(name);
      } else {
        memory.set(name, value);
      }
    },
    names(start) {
      const found = new Set<string>();
      attempt((items) => {
        for (let index = 0; index < items.length; index += 1) {
          const key = items.key(index);
          if (key?.startsWith(prefix + start)) {
            found.add(key.slice(prefix.length));
          }
        }
      }, undefined);
      for (const [name, value] of memory) {
        if (value === undefined) {
          found.delete(name);
        } else if (name.startsWith(start)) {
          found.add(name);
        }
      }
      return [...found];
    },
  };
}

/** For clients that leave nothing behind. */
export const NO_SHELF: Shelf = {
  prefix: "",
  get: () => undefined,
  set: () => undefined,
  names: () => [],
};
