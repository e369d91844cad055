// Files on their way up: two at a time, in the order in which they were chosen, each tried until the server has it or refuses it.
// The same `uploadId` makes it the same file there, however often it is tried.
import type { StoredAttachment } from "../../src/protocol/file.ts";
import { FILE_TYPES } from "../../src/protocol/file.ts";
import { MAX_FILE_BYTES } from "../../src/protocol/limits.ts";
import type { Environment } from "./environment.ts";
import type { FileLock } from "./file-lock.ts";
import type { FileToUpload, FileTransfer } from "./file-transfer.ts";
import { RequestError, requestError } from "./request-error.ts";
import type { Key } from "./rest.ts";
import type { LocalAttachment } from "./session-state.ts";

const MAX_AT_ONCE = 2;

/** Between two attempts: full jitter under a bound that doubles from the first to the second. */
const FIRST_BACKOFF_MS = 1_000;
const LAST_BACKOFF_MS = 30_000;

/** Less progress than this is not worth showing. */
const LEAST_PROGRESS = 0.01;

/** Refusals of the moment, beside those that are `retryable`: what broke off, here or in another tab. */
const PASSING_CODES: readonly string[] = ["upload_interrupted", "upload_in_progress"];

export interface Upload {
  readonly file: FileToUpload;
  readonly state: LocalAttachment["upload"];
  readonly progress: number;
  /** Set once `stored`. */
  readonly stored: StoredAttachment | undefined;
  /** Set once `failed`. */
  readonly failure: RequestError | undefined;
}

interface Entry {
  upload: Upload;
  attempts: number;
  /** Set while it is under way. */
  controller: AbortController | undefined;
  /** Set while it waits for its time. */
  cancelDelay: (() => void) | undefined;
  changed: (upload: Upload) => void;
}

interface Parts {
  readonly environment: Environment;
  readonly lock: FileLock;
  readonly transfer: FileTransfer;
  readonly withKey: <T>(call: (key: Key) => Promise<T>) => Promise<T>;
  /** Whether anything can be uploaded at the moment. */
  readonly isOpen: () => boolean;
}

export type Uploads = ReturnType<typeof createUploads>;

export function createUploads({ environment, lock, transfer, withKey, isOpen }: Parts) {
  const { clock, random } = environment;
  const entries = new Map<string, Entry>();
  const slot = createSlots(MAX_AT_ONCE);

  function change(entry: Entry, fields: Partial<Upload>): void {
    entry.upload = { ...entry.upload, ...fields };
    if (entries.get(entry.upload.file.uploadId) === entry) {
      entry.changed(entry.upload);
    }
  }

  function put(upload: Upload, changed: Entry["changed"]): Entry {
    const entry = { upload, attempts: 0, controller: undefined, cancelDelay: undefined, changed };
    entries.set(upload.file.uploadId, entry);
    return entry;
  }

  async function run(entry: Entry): Promise<void> {
    const { file } = entry.upload;
    const controller = new AbortController();
    const { signal } = controller;
    entry.controller = controller;
    const unlock = await lock(file.uploadId);
    const leave = await slot();
    try {
      if (!signal.aborted) {
        change(entry, { state: "uploading" });
        const progressed = (progress: number) => {
          if (progress - entry.upload.progress >= LEAST_PROGRESS && !signal.aborted) {
            change(entry, { progress });
          }
        };
        const stored = await withKey((key) => transfer.upload(key, file, { progressed, signal }));
        if (!signal.aborted) {
          entry.controller = undefined;
          change(entry, { state: "stored", progress: 1, stored });
        }
      }
    } catch (error) {
      if (!signal.aborted) {
        entry.controller = undefined;
        broke(entry, requestError(error));
      }
    } finally {
      leave();
      unlock();
    }
  }

  function broke(entry: Entry, failure: RequestError): void {
    if (!(failure.retryable || PASSING_CODES.includes(failure.code))) {
      change(entry, { state: "failed", failure });
      return;
    }
    const backoffMs = Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** entry.attempts);
    entry.attempts += 1;
    entry.cancelDelay = clock.after(
      Math.max(failure.retryAfterMs ?? 0, random() * backoffMs),
      () => {
        entry.cancelDelay = undefined;
        pump();
      },
    );
    change(entry, { state: "waiting", progress: 0 });
  }

  /** Ends what is under way, and what waits for its time. */
  function halt(entry: Entry): void {
    entry.controller?.abort();
    entry.cancelDelay?.();
    entry.controller = undefined;
    entry.cancelDelay = undefined;
    if (entry.upload.state === "uploading") {
      change(entry, { state: "waiting", progress: 0 });
    }
  }

  function pump(): void {
    for (const entry of isOpen() ? entries.values() : []) {
      if (entry.upload.state === "waiting" && !entry.controller && !entry.cancelDelay) {
        void run(entry);
      }
    }
  }

  return {
    get: (uploadId: string): Upload | undefined => entries.get(uploadId)?.upload,

    get ids(): readonly string[] {
      return [...entries.keys()];
    },

    /** @param changed called with each step, the first at once */
    begin(file: FileToUpload, changed: Entry["changed"]): void {
      const failure = refusalOf(file);
      const state = failure ? "failed" : "waiting";
      const entry = put({ file, state, progress: 0, stored: undefined, failure }, changed);
      changed(entry.upload);
      pump();
    },

    /** Goes on with one that was begun, or holds what is through already, for somebody else. */
    takeOver(upload: Upload, changed: Entry["changed"]): void {
      const entry = entries.get(upload.file.uploadId) ?? put(upload, changed);
      entry.changed = changed;
    },

    /** Nobody wants it any more, or hears of it. */
    drop(uploadId: string): void {
      const entry = entries.get(uploadId);
      entries.delete(uploadId);
      if (entry) {
        halt(entry);
      }
    },

    /** Nothing is under way until the next `pump`. */
    pause(): void {
      entries.forEach(halt);
    },

    /** Another session wants all of them. */
    restart(): void {
      for (const entry of entries.values()) {
        halt(entry);
        if (entry.upload.state === "stored") {
          change(entry, { state: "waiting", progress: 0, stored: undefined });
        }
      }
    },

    /** There is a connection again: what waits for its time has waited enough. */
    hurry(): void {
      for (const entry of entries.values()) {
        entry.cancelDelay?.();
        entry.cancelDelay = undefined;
      }
      pump();
    },

    pump,
  };
}

/** @returns what resolves, once fewer than `most` are in, with what lets the next one in */
function createSlots(most: number): () => Promise<() => void> {
  const waiting: (() => void)[] = [];
  let taken = 0;
  const leave = () => {
    taken -= 1;
    waiting.shift()?.();
  };
  return async () => {
    while (taken >= most) {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    taken += 1;
    return leave;
  };
}

/** What no server would take need not travel. */
function refusalOf({ type, blob }: FileToUpload): RequestError | undefined {
  if (!FILE_TYPES.some((taken) => taken === type)) {
    return new RequestError("file_type_not_allowed", { status: 415 });
  }
  return blob.size > MAX_FILE_BYTES
    ? new RequestError("file_too_large", { status: 413 })
    : undefined;
}
