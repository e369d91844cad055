// Files of the team's sessions: uploaded for a message to carry, and downloaded.
import type { StoredAttachment, UploadedFile } from "../../src/protocol/file.ts";
import { type Api, queryOf } from "./api.ts";

/** A file as it is brought along. */
export interface FileSource {
  readonly name: string;
  /** A media type of those that are taken; see docs/protocol.md. */
  readonly type: string;
  readonly bytes: Blob | ArrayBuffer | Uint8Array;
  /** Unique per side of the session: uploaded again, it is the same file. The call makes its own where it is left out. */
  readonly clientId?: string;
}

/** Bytes from `start` on, up to `end` and without that. */
export interface FileRange {
  readonly start: number;
  readonly end?: number;
}

export class FileCalls {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /**
   * Stores a file, for a message of the team's to carry: `postMessage(…, { attachments: [{ fileId }] })`, within a day. It
   * may be kept under another name than `file.name`: without folders, and with an ending that fits its type.
   */
  async upload(sessionId: string, file: FileSource): Promise<StoredAttachment> {
    const { name, type, clientId = crypto.randomUUID() } = file;
    const bytes = new Blob([file.bytes as Blob | ArrayBuffer | Uint8Array<ArrayBuffer>], { type });
    const path = `${filesOf(sessionId)}${queryOf({ name, clientId })}`;
    const call = { method: "POST", path, bytes, repeatable: true } as const;
    return (await this.#api.json<UploadedFile>(call)).file;
  }

  /** A file's bytes, or part of them, as they come. */
  download(
    sessionId: string,
    fileId: string,
    range?: FileRange,
  ): Promise<ReadableStream<Uint8Array>> {
    const { start, end } = range ?? {};
    const last = end === undefined ? "" : end - 1;
    const headers: Record<string, string> =
      start === undefined ? {} : { range: `bytes=${start}-${last}` };
    return this.#api.bytes(fileOf(sessionId, fileId), headers);
  }

  /** Deletes a file: it opens to nobody any more, and is gone for good after a week. */
  delete(sessionId: string, fileId: string): Promise<void> {
    return this.#api.delete(fileOf(sessionId, fileId));
  }
}

function filesOf(sessionId: string): string {
  return `/api/sessions/${encodeURIComponent(sessionId)}/files`;
}

function fileOf(sessionId: string, fileId: string): string {
  return `${filesOf(sessionId)}/${encodeURIComponent(fileId)}`;
}
