// Files of a session. Their bytes go between the caller and the bucket; who may and what there is, the session says.

import { waitUntil } from "cloudflare:workers";
import { UNAVAILABLE } from "../../objects/calls.ts";
import { bucketCall } from "../bucket/call.ts";
import { fileKey } from "../bucket/keys.ts";
import type { Caller } from "../caller.ts";
import { toBase64Url } from "../domain/base64url.ts";
import { type ByteRange, byteRange } from "../domain/byte-range.ts";
import { fileName } from "../domain/file-name.ts";
import { beginsAs, SNIFFED_BYTES } from "../domain/file-type.ts";
import { log } from "../log.ts";
import type { Failure, Result } from "../protocol/errors.ts";
import {
  FILE_TYPES,
  type FileType,
  type StoredAttachment,
  type UploadedFile,
  type UploadQuery,
} from "../protocol/file.ts";
import { MAX_FILE_BYTES } from "../protocol/limits.ts";
import type { Services } from "../services.ts";
import { limitUpload } from "./rate-limits.ts";
import { type OpenSession, openSession, sessionStub } from "./session-access.ts";
import { UploadBody } from "./upload-body.ts";

export interface NewUpload extends UploadQuery {
  /** The media type as it was declared, with parameters or without. */
  readonly type: string;
  /** Bytes, as they were declared. */
  readonly size: number | undefined;
  readonly bytes: ReadableStream<Uint8Array>;
}

type Uploaded = UploadedFile & { readonly isNew: boolean };

export interface Download extends UploadedFile {
  /** Undefined for all of it. */
  readonly range: ByteRange | undefined;
  readonly bytes: ReadableStream<Uint8Array>;
}

const FILE_ID_BYTES = 12;

/** Stores a file once per side and `clientId`: after this a message may carry it. */
export async function uploadFile(
  services: Services,
  caller: Caller,
  id: string,
  upload: NewUpload,
): Promise<Result<Uploaded>> {
  const body = new UploadBody(upload.bytes);
  const uploading = receive(services, caller, id, upload, body).finally(() => body.cancel());
  // Whoever breaks off in the middle leaves nothing behind.
  waitUntil(uploading.catch(() => undefined));
  return await uploading;
}

async function receive(
  services: Services,
  caller: Caller,
  id: string,
  { name, clientId, type: declared, size, bytes: _ }: NewUpload,
  body: UploadBody,
): Promise<Result<Uploaded>> {
  const opened = await openSession(services, caller, id, "uploadFile");
  if (!opened.ok) return opened;
  const limited = caller.kind === "credential" && (await limitUpload(services, caller));
  if (limited) return limited;
  if (size === undefined) return { ok: false, code: "length_required" };
  if (size > MAX_FILE_BYTES) return { ok: false, code: "file_too_large" };
  const type = fileType(declared);
  if (type === undefined) return { ok: false, code: "file_type_not_allowed" };
  const head = await body.head(Math.min(size, SNIFFED_BYTES));
  if (head === undefined) return { ok: false, code: "upload_interrupted" };
  if (!beginsAs(type, head)) {
    const message = `The file does not begin as ${type} does.`;
    return { ok: false, code: "file_type_not_allowed", message };
  }
  const fileId = `file_${toBase64Url(crypto.getRandomValues(new Uint8Array(FILE_ID_BYTES)))}`;
  const begun = await opened.stub.beginUpload({
    ...opened.call,
    fileId,
    clientId,
    name: fileName(name, type),
    type,
    size,
  });
  if (!begun.ok || !begun.isNew) return begun;
  return await store(services, id, opened, { fileId, size, body });
}

/** The session knows of the file by now; whatever happens, it knows what becomes of that. */
async function store(
  { env }: Services,
  id: string,
  { stub, call }: OpenSession,
  {
    fileId,
    size,
    body,
  }: { readonly fileId: string; readonly size: number; readonly body: UploadBody },
): Promise<Result<Uploaded>> {
  const key = fileKey(id, fileId);
  let failure: Failure;
  try {
    const isWhole = await body.store(env.BUCKET, key, size);
    // Told twice, it changes nothing. Where nobody knows whether it was heard, the session sees to what is left.
    const finished = isWhole
      ? await stub
          .finishUpload(call, fileId)
          .catch(() => sessionStub(env, id).finishUpload(call, fileId))
      : ({ ok: false, code: "upload_interrupted" } as const);
    if (finished.ok) return { ...finished, isNew: true };
    failure = finished;
  } catch (error) {
    log.error({ event: "upload_failed", error: String(error) });
    failure = UNAVAILABLE;
  }
  await abandon(env, id, fileId, key);
  return failure;
}

/** A session that is gone sees to nothing any more. */
async function abandon(env: Env, id: string, fileId: string, key: string): Promise<void> {
  try {
    const isSeenTo = await sessionStub(env, id).abandonUpload(fileId);
    if (!isSeenTo) await bucketCall(env.BUCKET.delete(key));
  } catch (error) {
    log.error({ event: "upload_not_abandoned", error: String(error) });
  }
}

/** A file, or part of it, for whoever reads the session. */
export async function downloadFile(
  services: Services,
  caller: Caller,
  id: string,
  fileId: string,
  rangeHeader: string | null,
): Promise<Result<Download> | (Failure & { readonly file: StoredAttachment })> {
  const opened = await openSession(services, caller, id, "downloadFile");
  if (!opened.ok) return opened;
  const found = await opened.stub.getFile(opened.call, fileId);
  if (!found.ok) return found;
  const { file } = found;
  const range = byteRange(rangeHeader, file.size);
  if (range === "unsatisfiable") return { ok: false, code: "range_not_satisfiable", file };
  let object: R2ObjectBody | null;
  try {
    object = await bucketCall(services.env.BUCKET.get(fileKey(id, fileId), range && { range }));
  } catch (error) {
    log.error({ event: "download_failed", error: String(error) });
    return UNAVAILABLE;
  }
  if (object === null) {
    // Deleted since the session was asked; or the bucket has lost it.
    log.error({ event: "file_bytes_missing", fileId });
    return { ok: false, code: "file_not_found" };
  }
  return { ok: true, file, range, bytes: object.body };
}

/** It opens to nobody any more; its bytes go after a while. */
export async function deleteFile(
  services: Services,
  caller: Caller,
  id: string,
  fileId: string,
): Promise<Result<object>> {
  const opened = await openSession(services, caller, id, "deleteFile");
  return opened.ok ? await opened.stub.deleteFile(opened.call, fileId) : opened;
}

/** The type of `FILE_TYPES` that is declared; text is UTF-8 or not taken. */
function fileType(declared: string): FileType | undefined {
  const [essence = "", ...parameters] = declared.toLowerCase().split(";");
  const type = FILE_TYPES.find((one) => one === essence.trim());
  const charset = parameters
    .map((one) => /^\s*charset="?([^"]*)"?\s*$/.exec(one)?.[1])
    .find(Boolean);
  const isOtherText = type?.startsWith("text/") && charset !== undefined && charset !== "utf-8";
  return isOtherText ? undefined : type;
}
