// Where files look beside the environment. Any of it may be missing: in Node, in React Native, where a browser blocks storage.

export interface FileScope {
  /** Uploads by it tell their progress. Undefined: `fetch` does it, and nothing is told. */
  readonly XMLHttpRequest: (new () => XMLHttpRequest) | undefined;
  /** Keeps the bytes of files that wait. Undefined: they are gone with the page, and have to be chosen again. */
  readonly indexedDB: IDBFactory | undefined;
  /** Keeps two tabs from uploading the same at once. Undefined: the server does. */
  readonly locks: Pick<LockManager, "request"> | undefined;
}

/** What the place that this runs in has of it, but for what is put in its place. */
export function fileScope(instead: Partial<FileScope> = {}): FileScope {
  return {
    XMLHttpRequest: globalThis.XMLHttpRequest,
    indexedDB: attempt(() => globalThis.indexedDB),
    locks: globalThis.navigator?.locks,
    ...instead,
  };
}

/** Even naming a storage throws where the browser blocks it. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
