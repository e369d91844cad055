// The session's files: who may bring them, which message has them, when they go. Their bytes are in the bucket and pass
// by here; nothing is told of a file before all of it is there, and its row outlives them.
import { type CallerRole, sideOf } from "../src/domain/access.ts";
import {
  attachmentOf,
  beyondKeeping,
  deleted,
  type FileRecord,
  type FileTotals,
  isFree,
  isIndexed,
  keptUntil,
  mayDelete,
  newFile,
  quotaRefusal,
  retryableAfterMs,
  taken,
  uploaded,
} from "../src/domain/file.ts";
import type { ErrorCode, Failure, Result } from "../src/protocol/errors.ts";
import type { NewAttachment, StoredAttachment, UploadedFile } from "../src/protocol/file.ts";
import type { Side } from "../src/protocol/frames.ts";
import { auditActor, type Call, credentialIdOf, type Upload, type UploadCall } from "./calls.ts";
import { FileRemoval, type RemovalParts } from "./file-removal.ts";

/** What a message is sent with as it is stored; or which of it is not there to be sent. */
export type Found =
  | { readonly ok: true; readonly attachments: readonly StoredAttachment[] }
  | { readonly ok: false; readonly index: number };

const refused = (code: ErrorCode): Failure => ({ ok: false, code });

export class Files {
  readonly #parts: RemovalParts;
  readonly #removal: FileRemoval;

  constructor(parts: RemovalParts) {
    this.#parts = parts;
    this.#removal = new FileRemoval(parts);
  }

  /** Makes room for a file; or has it already, by the same name of its side's. */
  begin(call: UploadCall, role: CallerRole, now: number): Result<Upload> {
    const { store, rows } = this.#parts;
    const { fileId: id, clientId, name, type, size, actor } = call;
    const side = sideOf(role);
    const before = rows.byClientId(side, clientId);
    if (before?.state === "stored") return { ok: true, isNew: false, file: attachmentOf(before) };
    const waitMs = before === undefined ? 0 : retryableAfterMs(before, now);
    if (waitMs > 0) {
      const retryAfterSeconds = Math.ceil(waitMs / 1000);
      return { ok: false, code: "upload_in_progress", retryAfterSeconds };
    }
    const counted = rows.counted();
    const others = {
      files: counted.files - (before === undefined ? 0 : 1),
      bytes: counted.bytes - (before?.size ?? 0),
    };
    const refusal = quotaRefusal(others, size);
    if (refusal !== undefined) return refused(refusal);
    const credentialId = credentialIdOf(actor);
    store.transaction(() => {
      if (before !== undefined) this.#delete(before, now, now);
      rows.save(newFile({ id, side, clientId, credentialId, name, type, size }, now));
    });
    this.#parts.changed();
    return { ok: true, isNew: true, fileId: id };
  }

  /** All bytes are in the bucket; told again, it changes nothing. */
  finish(fileId: string, now: number): Result<UploadedFile> {
    const file = this.#parts.rows.get(fileId);
    if (file === undefined || file.state === "deleted") return refused("upload_interrupted");
    if (file.state === "uploading") {
      const { store, rows, projector, changed } = this.#parts;
      store.transaction(() => {
        rows.save(uploaded(file, now));
        projector.markFile(fileId, now);
      });
      changed();
    }
    return { ok: true, file: attachmentOf(file) };
  }

  /** Nobody was told of the upload, and nobody will be. False where there is no row of it to see to its bytes. */
  async abandon(fileId: string, now: number): Promise<boolean> {
    const file = this.#parts.rows.get(fileId);
    if (file === undefined) return false;
    if (file.seq !== null) return true;
    this.#parts.store.transaction(() => this.#delete(file, now, now));
    await this.#removal.run(now);
    return true;
  }

  read(fileId: string): Result<UploadedFile> {
    const file = this.#parts.rows.get(fileId);
    return file?.state === "stored"
      ? { ok: true, file: attachmentOf(file) }
      : refused("file_not_found");
  }

  /** It opens to nobody after this; done again, it changes nothing. */
  delete({ actor }: Call, role: CallerRole, fileId: string, now: number): Result<object> {
    const { store, rows, projector, changed } = this.#parts;
    const file = rows.get(fileId);
    if (file === undefined || file.state === "uploading") return refused("file_not_found");
    const credentialId = credentialIdOf(actor);
    if (!mayDelete(file, role, credentialId)) return refused("forbidden");
    if (file.state === "deleted") return { ok: true };
    store.transaction(() => {
      this.#delete(file, keptUntil(now), now);
      for (const surplus of beyondKeeping(rows.kept())) rows.save({ ...surplus, dueAt: now });
      const event = {
        type: "file.deleted",
        actor: auditActor(actor),
        details: { fileId },
      } as const;
      projector.record(event, now);
    });
    changed();
    return { ok: true };
  }

  /** What a message by `side` is to carry, if all of it is there to be taken. */
  find(wanted: readonly NewAttachment[], side: Side): Found {
    const attachments: StoredAttachment[] = [];
    for (const [index, { fileId }] of wanted.entries()) {
      const file = this.#parts.rows.get(fileId);
      const isTwice = attachments.some((one) => one.fileId === fileId);
      if (file === undefined || isTwice || !isFree(file, side)) return { ok: false, index };
      attachments.push(attachmentOf(file));
    }
    return { ok: true, attachments };
  }

  /** The message at `seq` has what was found, in the transaction that stores it. */
  take(attachments: readonly StoredAttachment[], seq: number): void {
    const { rows } = this.#parts;
    for (const { fileId } of attachments) {
      const file = rows.get(fileId);
      if (file !== undefined) rows.save(taken(file, seq));
    }
  }

  /** The files of a message are gone with it, in the transaction that takes it back. */
  removeOfMessage(seq: number, now: number): void {
    for (const file of this.#parts.rows.ofMessage(seq)) this.#delete(file, now, now);
  }

  /** None of them opens to anybody after this; how many those were. */
  removeAll(now: number): number {
    const stored = this.#parts.rows.stored();
    for (const file of stored) this.#delete(file, keptUntil(now), now);
    return stored.length;
  }

  /** All that came through or is under way, oldest first. */
  all(): readonly FileRecord[] {
    return this.#parts.rows.all();
  }

  /** Of what is held, deleted ones that are still kept among it. */
  totals(): FileTotals {
    return this.#parts.rows.held();
  }

  /** Of `ids` those that there is a row of: it is there before the first byte and until after the last. */
  own(ids: readonly string[]): readonly string[] {
    return ids.filter((id) => this.#parts.rows.get(id) !== undefined);
  }

  dueAt(): number | undefined {
    return this.#parts.rows.nextDue();
  }

  /** A transaction was undone, whatever was done in it. */
  undone(): void {
    this.#parts.rows.forget();
  }

  /** Deletes the bytes that are due. Never fails: what does not work now is tried again later. */
  run(now: number): Promise<void> {
    return this.#removal.run(now);
  }

  #delete(file: FileRecord, dueAt: number, now: number): void {
    this.#parts.rows.save(deleted(file, dueAt));
    if (isIndexed(file)) this.#parts.projector.markFile(file.id, now);
  }
}
