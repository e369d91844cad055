import type { KeyValueStorage } from "./environment.ts";

/** As React Native's `AsyncStorage`. Any method may reject. */
export interface AsyncKeyValueStorage {
  getAllKeys(): Promise<readonly string[]>;
  getItem(key: string): Promise<string | null>;
  setItem(key: string, value: string): Promise<unknown>;
  removeItem(key: string): Promise<unknown>;
}

const OWN = "durable-sessions/";

/**
 * Makes an asynchronous storage one that the client can use: everything of the client's is read now, and from then on
 * kept in memory and written behind, in order. What the storage fails to write lives as long as the memory.
 *
 * Call it once per storage: two of these would not see what the other one writes.
 *
 * @param alsoKeys further items that are read, such as the `keys` of a `LegacySource`
 */
export async function fromAsyncStorage(
  storage: AsyncKeyValueStorage,
  alsoKeys: readonly string[] = [],
): Promise<KeyValueStorage> {
  const items = new Map<string, string>();
  const isRead = (key: string) => [OWN, ...alsoKeys].some((start) => key.startsWith(start));
  const keys = await orElse([], () => storage.getAllKeys());
  await Promise.all(
    keys.filter(isRead).map(async (key) => {
      const value = await orElse(null, () => storage.getItem(key));
      if (value !== null) {
        items.set(key, value);
      }
    }),
  );

  let written: Promise<unknown> = Promise.resolve();
  const behind = (write: () => Promise<unknown>) => {
    written = written.then(() => orElse(undefined, write));
  };
  return {
    get length() {
      return items.size;
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem(key, value) {
      items.set(key, value);
      behind(() => storage.setItem(key, value));
    },
    removeItem(key) {
      items.delete(key);
      behind(() => storage.removeItem(key));
    },
  };
}

/** What `work` brings, or `otherwise` where it throws or rejects. */
async function orElse<T>(otherwise: T, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch {
    return otherwise;
  }
}
