// Files of the session: what leads from a message that names them to one that is sent, and from a `fileId` to its bytes. Loaded with the
// first that there is to do. Long, because a message goes on only when all of its files have, wherever each of them comes from.
import type { StoredAttachment } from "../../src/protocol/file.ts";
import { MAX_ATTACHMENTS_PER_MESSAGE } from "../../src/protocol/limits.ts";
import type { Environment } from "./environment.ts";
import { createFileBytes } from "./file-bytes.ts";
import { createFileCache } from "./file-cache.ts";
import { createFileLock } from "./file-lock.ts";
import { nameOf, typeOf } from "./file-names.ts";
import { fileScope } from "./file-scope.ts";
import { createFileTransfer } from "./file-transfer.ts";
import type { Upload } from "./file-uploads.ts";
import { createUploads } from "./file-uploads.ts";
import { createLooseFiles } from "./loose-files.ts";
import type { Pending } from "./outbox.ts";
import type { OutboxFile, Written } from "./outbox-store.ts";
import type { RequestErrorCode } from "./request-error.ts";
import { RequestError } from "./request-error.ts";
import type { Key } from "./rest.ts";
import type { NewFile } from "./session-client.ts";
import type { SessionReplica } from "./session-replica.ts";
import type { LocalAttachment, SessionClientState } from "./session-state.ts";
import type { Shelf } from "./shelf.ts";
import type { Store } from "./store.ts";

/** How long a message waits behind one whose files are on their way. */
export const FILES_PATIENCE_MS = 60_000;

export interface FileParts {
  readonly baseUrl: string;
  readonly environment: Environment;
  readonly store: Store<SessionClientState>;
  /** What was attached in this tab, by `uploadId`. */
  readonly blobs: Map<string, NewFile>;
  /** Calls with the session's key of the moment. Rejects with `RequestError`. */
  readonly withKey: <T>(call: (key: Key) => Promise<T>) => Promise<T>;
  readonly kept: () => { readonly shelf: Shelf };
  /** Other tabs may have to know what was just done. */
  readonly wrote: () => void;
  /** The one of now. */
  readonly replica: () => SessionReplica;
}

export type FileClient = ReturnType<typeof createFiles>;

export function createFiles(parts: FileParts) {
  const { baseUrl, environment, store, blobs, withKey, kept, wrote, replica } = parts;
  const { clock } = environment;
  const scope = fileScope(environment.files);
  const lock = createFileLock(scope.locks, clock);
  const transfer = createFileTransfer({ baseUrl, environment, scope });
  const { prefix } = kept().shelf;
  const bytes = createFileBytes(prefix === "" ? undefined : scope.indexedDB, prefix, clock.now);
  const cache = createFileCache((fileId) => withKey((key) => transfer.download(key, fileId)));
  const isOpen = () => store.get().connection.state === "online";
  const uploads = createUploads({ environment, lock, transfer, withKey, isOpen });
  const loose = createLooseFiles({
    ...{ uploads, blobs, changed: uploaded },
    newId: environment.newId,
    sessionId: () => store.get().sessionId,
  });
  /** Whose bytes may be in the browser, as far as this tab knows. */
  const keptIds = new Set(idsOf(replica().outbox.store.all()));
  /** Those of them that were chosen in another tab, or before a reload. */
  const foreignIds = new Set<string>();
  /** Whose bytes are being looked for there. */
  const sought = new Set<string>();
  let isLooking = false;
  let sessionId: string | undefined;
  let wasOpen = false;
  let cancelPatience: (() => void) | undefined;
  let seen: readonly unknown[] = [];

  void bytes.sweep(new Set(keptIds));
  store.subscribe(look);
  look();

  /** Soon, and once however often it is asked. */
  function look(): void {
    if (!isLooking) {
      isLooking = true;
      queueMicrotask(() => {
        isLooking = false;
        lookNow();
      });
    }
  }

  function lookNow(): void {
    const state = store.get();
    if (state.sessionId !== sessionId) {
      if (sessionId !== undefined) {
        cache.clear();
        uploads.restart();
      }
      ({ sessionId } = state);
    }
    const awaiting = replica().outbox.pending.filter(awaitsFiles);
    const wanted = new Set([...idsOf(awaiting), ...loose.ids]);
    for (const uploadId of uploads.ids) {
      if (!wanted.has(uploadId)) {
        uploads.drop(uploadId);
      }
    }
    awaiting.forEach(advance);
    forgetBytes();
    wait(awaiting.length > 0 && isOpen());
    if (state.connection.state === "closed") {
      uploads.pause();
    } else if (isOpen() && !wasOpen) {
      uploads.hurry();
    }
    wasOpen = isOpen();
  }

  /** For how long what is written behind files waits for them, too: while there is a connection, a minute. */
  function wait(isWaiting: boolean): void {
    if (!isWaiting && cancelPatience) {
      cancelPatience();
      cancelPatience = undefined;
      replica().outbox.setPatient(true);
    } else if (isWaiting) {
      cancelPatience ??= clock.after(FILES_PATIENCE_MS, () => replica().outbox.setPatient(false));
    }
  }

  /** Sees to it that a message's files are on their way, and that it says how far they are. */
  function advance(one: Pending): void {
    if (idsOf([one]).some((id) => foreignIds.has(id)) && !isWritten(one)) {
      cancel(one.message.clientId);
      return;
    }
    if (one.files?.some(loose.has)) {
      const files = one.files.map(loose.takeOver);
      replica().outbox.store.put({ ...one, files });
      replica().outbox.replace(one, { ...one, files });
      return;
    }
    for (const file of one.files ?? []) {
      if ("uploadId" in file) {
        keep(file.uploadId);
        if (!uploads.get(file.uploadId)) {
          begin(one, file);
        }
      }
    }
    const { outbox } = replica();
    const files = (one.files ?? []).map(shownAs);
    const failure = files.map(failureOf).find((code) => code !== undefined);
    const stored = files.flatMap(storedAs);
    if (failure !== undefined || files.length > MAX_ATTACHMENTS_PER_MESSAGE) {
      refuse(one, failure ?? "validation_failed");
    } else if (stored.length === files.length) {
      const attachments = stored.map(({ fileId }) => ({ fileId }));
      const ready = { ...one, files, message: { ...one.message, attachments } };
      outbox.store.put(ready);
      outbox.replace(one, ready);
    } else if (files.some((file, index) => file !== one.files?.[index])) {
      outbox.replace(one, { ...one, files });
    }
  }

  function refuse(one: Pending, failure: RequestErrorCode): void {
    const { outbox } = replica();
    const refused = { ...one, files: one.files?.map(shownAs).map(halted), failure };
    outbox.waiting(one)?.reject(new RequestError(failure));
    outbox.store.put(refused);
    outbox.replace(one, refused);
  }

  function keep(uploadId: string): void {
    const blob = blobs.get(uploadId);
    if (blob && store.get().storage === "persistent" && !keptIds.has(uploadId)) {
      keptIds.add(uploadId);
      void bytes.put(uploadId, blob);
    }
  }

  function begin({ message }: Pending, { uploadId, name, type }: LocalAttachment): void {
    const blob = blobs.get(uploadId);
    if (!blob) {
      void seek(message.clientId, uploadId);
      return;
    }
    const file = { uploadId, name: nameOf({ name }), type: typeOf({ type }), blob };
    uploads.begin(file, uploaded);
  }

  function uploaded({ stored, file }: Upload): void {
    if (stored) {
      cache.put(stored.fileId, file.blob);
    }
    look();
  }

  /** Finds what a tab before this one kept. */
  async function seek(clientId: string, uploadId: string): Promise<void> {
    if (sought.has(uploadId)) {
      return;
    }
    sought.add(uploadId);
    // As long as the tab is alive that the file was chosen in, it is that one's.
    const unlock = await lock(uploadId);
    const blob = await bytes.get(uploadId);
    unlock();
    sought.delete(uploadId);
    foreignIds.add(uploadId);
    const one = replica().outbox.pending.find(({ message }) => message.clientId === clientId);
    if (blob) {
      blobs.set(uploadId, blob);
      keptIds.add(uploadId);
    } else if (one && awaitsFiles(one) && isWritten(one)) {
      refuse(one, "file_missing");
    }
    look();
  }

  /** What is not, any more, was sent or taken back in another tab. */
  function isWritten({ message }: Written): boolean {
    return replica()
      .outbox.store.all()
      .some((one) => one.message.clientId === message.clientId);
  }

  function cancel(key: string): void {
    const { outbox, cancel: cancelAnswer } = replica();
    const one = outbox.pending.find(({ message }) => message.clientId === key);
    if (!one) {
      cancelAnswer(key);
    } else if (one.failure !== undefined || awaitsFiles(one)) {
      outbox.store.drop(one);
      outbox.waiting(one)?.reject(new RequestError("cancelled"));
      outbox.replace(one, undefined);
      wrote();
    }
  }

  function shownAs(file: OutboxFile): OutboxFile {
    const upload = "uploadId" in file ? uploads.get(file.uploadId) : undefined;
    return upload && "upload" in file && differs(file, upload)
      ? { ...file, upload: upload.state, progress: upload.progress }
      : file;
  }

  function failureOf(file: OutboxFile): string | undefined {
    return "uploadId" in file ? uploads.get(file.uploadId)?.failure?.code : undefined;
  }

  function storedAs(file: OutboxFile): StoredAttachment[] {
    const stored = "uploadId" in file ? uploads.get(file.uploadId)?.stored : file;
    return stored ? [stored] : [];
  }

  /** Of files that no message names any more, here or in storage. */
  function forgetBytes(): void {
    const { outbox } = replica();
    const now = [outbox.pending, store.get().previous];
    if (now.every((value, index) => value === seen[index])) {
      return;
    }
    seen = now;
    const named = new Set(idsOf([...outbox.pending, ...outbox.store.all()]));
    for (const uploadId of [...keptIds, ...blobs.keys()]) {
      if (!named.has(uploadId)) {
        blobs.delete(uploadId);
        if (keptIds.delete(uploadId)) {
          void bytes.drop(uploadId);
        }
      }
    }
  }

  return {
    /** Stops an answer, or takes back a message that has failed or waits for its files. */
    cancel,
    uploadFile: loose.uploadFile,

    async downloadFile(id: string): Promise<Blob> {
      const local = blobs.get(id) ?? (keptIds.has(id) ? await bytes.get(id) : undefined);
      return local ?? (await cache.get(id));
    },
  };
}

const awaitsFiles = ({ files, message, failure }: Pending) =>
  files !== undefined && !message.attachments && failure === undefined;

/** The others of a message that failed go no further either. */
const halted = (file: OutboxFile): OutboxFile =>
  "upload" in file && file.upload === "uploading"
    ? { ...file, upload: "waiting", progress: 0 }
    : file;

const differs = ({ upload, progress }: LocalAttachment, now: Upload) =>
  upload !== now.state || progress !== now.progress;

function idsOf(list: readonly Written[]): string[] {
  return list.flatMap(({ files = [] }) =>
    files.flatMap((file) => ("uploadId" in file ? [file.uploadId] : [])),
  );
}
