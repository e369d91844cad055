// The bytes of files that wait to be uploaded, kept in the browser over reloads, by `uploadId`. An attempt only: nothing here
// rejects, and what is not kept has to be chosen again.

const STORE = "files";

/** Of all files of one team that wait in this browser. */
const MAX_KEPT_BYTES = 100 * 1024 * 1024;

/** What no message of this browser has named for so long is nobody's. A guest's messages are known to its own tab alone. */
const ORPHANED_AFTER_MS = 86_400_000;

interface Kept {
  readonly blob: Blob;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly keptAt: number;
}

export type FileBytes = ReturnType<typeof createFileBytes>;

/** @param factory undefined where nothing is to be kept */
export function createFileBytes(factory: IDBFactory | undefined, name: string, now: () => number) {
  let opening: Promise<IDBDatabase> | undefined;

  function open(of: IDBFactory): Promise<IDBDatabase> {
    opening ??= new Promise((resolve, reject) => {
      const request = of.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    return opening;
  }

  /** Undefined when it did not work. */
  async function use<T>(
    mode: IDBTransactionMode,
    work: (store: IDBObjectStore, done: (result: T) => void) => void,
  ): Promise<T | undefined> {
    if (!factory) {
      return undefined;
    }
    try {
      const database = await open(factory);
      return await new Promise<T | undefined>((resolve) => {
        let result: T | undefined;
        const transaction = database.transaction(STORE, mode);
        transaction.oncomplete = () => resolve(result);
        transaction.onabort = () => resolve(undefined);
        work(transaction.objectStore(STORE), (found) => {
          result = found;
        });
      });
    } catch {
      return undefined;
    }
  }

  function each(
    store: IDBObjectStore,
    visit: (cursor: IDBCursorWithValue, kept: Kept) => void,
    end?: () => void,
  ): void {
    const request = store.openCursor();
    request.onsuccess = () => {
      const { result: cursor } = request;
      if (cursor) {
        visit(cursor, cursor.value);
        cursor.continue();
      } else {
        end?.();
      }
    };
  }

  return {
    /** Keeps it unless there is too much already. */
    async put(id: string, blob: Blob): Promise<void> {
      await use("readwrite", (store) => {
        let total = blob.size;
        each(
          store,
          (_cursor, { size }) => {
            total += size;
          },
          () => {
            if (total <= MAX_KEPT_BYTES) {
              store.put({ blob, size: blob.size, keptAt: now() } satisfies Kept, id);
            }
          },
        );
      });
    },

    async get(id: string): Promise<Blob | undefined> {
      return await use<Blob>("readonly", (store, done) => {
        const request: IDBRequest<Kept | undefined> = store.get(id);
        request.onsuccess = () => {
          if (request.result) {
            done(request.result.blob);
          }
        };
      });
    },

    async drop(id: string): Promise<void> {
      await use("readwrite", (store) => void store.delete(id));
    },

    /** Drops what has been here for long and is named by none. */
    async sweep(named: ReadonlySet<string>): Promise<void> {
      await use("readwrite", (store) => {
        each(store, (cursor, { keptAt }) => {
          if (!named.has(String(cursor.key)) && Math.abs(now() - keptAt) > ORPHANED_AFTER_MS) {
            cursor.delete();
          }
        });
      });
    },
  };
}
