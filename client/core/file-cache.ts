// Bytes of files that are shown, for as long as there is room: a log that is scrolled back and forth loads nothing twice.

/** Room for what a page shows of photographs. */
const MAX_CACHED_BYTES = 48 * 1024 * 1024;

export function createFileCache(load: (fileId: string) => Promise<Blob>) {
  /** The one used last comes last. */
  const blobs = new Map<string, Blob>();
  const loading = new Map<string, Promise<Blob>>();

  function put(fileId: string, blob: Blob): void {
    blobs.delete(fileId);
    blobs.set(fileId, blob);
    let room = MAX_CACHED_BYTES;
    for (const [id, { size }] of [...blobs].reverse()) {
      room -= size;
      if (room < 0) {
        blobs.delete(id);
      }
    }
  }

  return {
    put,

    async get(fileId: string): Promise<Blob> {
      const known = blobs.get(fileId);
      if (known) {
        put(fileId, known);
        return known;
      }
      const coming = loading.get(fileId) ?? load(fileId).finally(() => void loading.delete(fileId));
      loading.set(fileId, coming);
      const blob = await coming;
      put(fileId, blob);
      return blob;
    },

    /** Another session has other files, or none: these may be nobody's any more. */
    clear(): void {
      blobs.clear();
      loading.clear();
    },
  };
}
