// Files that `uploadFile` was given, for a message that is still being written: each is nobody's until a message takes it over.
import type { StoredAttachment } from "../../src/protocol/file.ts";
import { nameOf, typeOf } from "./file-names.ts";
import type { Upload, Uploads } from "./file-uploads.ts";
import type { OutboxFile } from "./outbox-store.ts";
import type { NewFile, UploadOptions } from "./session-client.ts";

interface Parts {
  readonly uploads: Uploads;
  /** What was attached in this tab, by `uploadId`. */
  readonly blobs: Map<string, NewFile>;
  readonly newId: () => string;
  readonly sessionId: () => string | undefined;
  /** Called after each step of an upload. */
  readonly changed: (upload: Upload) => void;
}

interface Loose {
  readonly upload: Upload;
  /** What it is uploaded to, or was. */
  readonly sessionId: string | undefined;
  /** Tells whoever called `uploadFile`. */
  readonly changed: (upload: Upload) => void;
}

export function createLooseFiles({ uploads, blobs, newId, sessionId, changed }: Parts) {
  const loose = new WeakMap<NewFile, Loose>();
  const ids = new Set<string>();

  function find(file: OutboxFile): Loose | undefined {
    const blob = "uploadId" in file ? blobs.get(file.uploadId) : undefined;
    const found = blob && loose.get(blob);
    return found?.sessionId === sessionId() && !found?.upload.failure ? found : undefined;
  }

  return {
    /** Of those under way. */
    ids,

    /** Whether a message's file is one that was begun here. */
    has: (file: OutboxFile): boolean => find(file) !== undefined,

    /** What was begun goes on as the message's. */
    takeOver(file: OutboxFile): OutboxFile {
      const found = find(file);
      if (!(found && "uploadId" in file)) {
        return file;
      }
      const { blob, uploadId } = found.upload.file;
      loose.delete(blob);
      ids.delete(uploadId);
      blobs.delete(file.uploadId);
      blobs.set(uploadId, blob);
      uploads.takeOver(found.upload, (now) => {
        found.changed(now);
        loose.delete(blob);
      });
      return { ...file, uploadId };
    },

    /** As `ChatClient`. */
    async uploadFile(
      blob: NewFile,
      { onProgress, signal }: UploadOptions = {},
    ): Promise<StoredAttachment> {
      signal?.throwIfAborted();
      const uploadId = newId();
      const file = { uploadId, name: nameOf(blob), type: typeOf(blob), blob };
      let giveUp = () => {};
      let last: Upload | undefined;
      ids.add(uploadId);
      try {
        return await new Promise<StoredAttachment>((resolve, reject) => {
          giveUp = () => reject(signal?.reason);
          signal?.addEventListener("abort", giveUp);
          const step = (upload: Upload) => {
            last = upload;
            loose.set(blob, { upload, sessionId: sessionId(), changed: step });
            onProgress?.(upload.progress);
            changed(upload);
            if (upload.stored) {
              resolve(upload.stored);
            } else if (upload.failure) {
              reject(upload.failure);
            }
          };
          uploads.begin(file, step);
        });
      } finally {
        signal?.removeEventListener("abort", giveUp);
        ids.delete(uploadId);
        if (signal?.aborted && !last?.stored) {
          loose.delete(blob);
        }
        if (last) {
          changed(last);
        }
      }
    },
  };
}
