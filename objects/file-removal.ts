// Takes out of the bucket what has come to its time: first a file opens to nobody, then its bytes go, then its row. What
// fails on the way is tried again, later each time.

import { bucketCall } from "../src/bucket/call.ts";
import { fileKey } from "../src/bucket/keys.ts";
import { backoffMs } from "../src/domain/backoff.ts";
import { deleted, type FileRecord, isIndexed } from "../src/domain/file.ts";
import { log } from "../src/log.ts";
import type { FileStore } from "./file-store.ts";
import type { IndexProjector } from "./index-projector.ts";
import type { SessionState } from "./session-state.ts";
import type { SessionStore } from "./store.ts";

/** A bucket that has not answered by then counts as down. */
const BUCKET_TIMEOUT_MS = 5_000;

/** R2 deletes so many keys in one call. */
const MAX_KEYS_PER_CALL = 1_000;

export interface RemovalParts {
  readonly bucket: Pick<R2Bucket, "delete">;
  readonly store: SessionStore;
  readonly rows: FileStore;
  readonly state: SessionState;
  readonly projector: IndexProjector;
  /** There may be something to do earlier than before. */
  readonly changed: () => void;
}

export class FileRemoval {
  readonly #parts: RemovalParts;
  #running: Promise<void> | undefined;

  constructor(parts: RemovalParts) {
    this.#parts = parts;
  }

  /** Removes all that is due. Never fails. */
  async run(now: number): Promise<void> {
    // One that is under way may have begun before the last change.
    await this.#running;
    this.#running ??= this.#removeDue(now).finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  async #removeDue(now: number): Promise<void> {
    const { rows } = this.#parts;
    try {
      for (
        let due = rows.due(now, MAX_KEYS_PER_CALL);
        due.length > 0;
        due = rows.due(now, MAX_KEYS_PER_CALL)
      ) {
        if (!(await this.#remove(due, now))) return;
      }
    } catch (error) {
      log.error({ event: "file_removal_failed", error: String(error) });
    }
  }

  /** False where the bucket did not answer. */
  async #remove(due: readonly FileRecord[], now: number): Promise<boolean> {
    const { bucket, store, rows, state, projector, changed } = this.#parts;
    const { id, teamId } = state.record;
    const mark = (file: FileRecord) => {
      if (isIndexed(file)) projector.markFile(file.id, Date.now());
    };
    // Nobody may finish or take what is on its way out.
    const alive = due.filter((file) => file.state !== "deleted");
    if (alive.length > 0) {
      store.transaction(() => {
        for (const file of alive) {
          rows.save(deleted(file, now));
          mark(file);
        }
      });
    }
    try {
      const keys = due.map((file) => fileKey(id, file.id));
      await bucketCall(bucket.delete(keys), BUCKET_TIMEOUT_MS);
    } catch (error) {
      log.warn({ event: "file_removal_postponed", team: teamId, error: String(error) });
      store.transaction(() => {
        for (const { id: fileId } of due) this.#postpone(fileId);
      });
      changed();
      return false;
    }
    store.transaction(() => {
      for (const file of due) {
        rows.remove(file.id);
        mark(file);
      }
    });
    return true;
  }

  #postpone(fileId: string): void {
    const { rows } = this.#parts;
    const file = rows.get(fileId);
    if (file === undefined) return;
    const attempts = file.attempts + 1;
    rows.save({ ...file, attempts, dueAt: Date.now() + backoffMs(attempts, Math.random()) });
  }
}
