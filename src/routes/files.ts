import { attachmentDisposition } from "../domain/file-name.ts";
import * as operations from "../operations/files.ts";
import type { StoredAttachment } from "../protocol/file.ts";
import { uploadedFileAnswer, uploadQuerySchema } from "../schemas/files.ts";
import { noQuerySchema } from "../schemas/requests.ts";
import { done, endpoint } from "./endpoint.ts";

export const uploadFile = endpoint({
  operationId: "uploadFile",
  summary: "Upload a file for a message to carry, once however often its clientId is sent",
  audience: "session",
  access: "uploadFile",
  query: uploadQuerySchema,
  body: undefined,
  takesFile: true,
  answers: { 200: uploadedFileAnswer, 201: uploadedFileAnswer },
  errors: [
    "upload_interrupted",
    "upload_in_progress",
    "length_required",
    "file_too_large",
    "file_type_not_allowed",
    "too_many_files",
    "quota_exceeded",
    "rate_limited",
    "session_expired",
    "session_terminated",
  ],
  async handle({ request, services, caller, params: { id = "" }, query }) {
    const uploaded = await operations.uploadFile(services, caller, id, {
      ...query,
      type: request.headers.get("Content-Type") ?? "",
      size: declaredLength(request),
      bytes: request.body ?? NOTHING(),
    });
    if (!uploaded.ok) return uploaded;
    return { status: uploaded.isNew ? 201 : 200, body: { file: uploaded.file } };
  },
});

export const downloadFile = endpoint({
  operationId: "downloadFile",
  summary: "A file, or with a Range header part of it",
  audience: "session",
  access: "downloadFile",
  query: noQuerySchema,
  body: undefined,
  answers: {
    200: { mediaType: "*/*", description: "The file" },
    206: { mediaType: "*/*", description: "The part of it that was asked for" },
  },
  errors: ["file_not_found", "range_not_satisfiable"],
  async handle({ request, services, caller, params: { id = "", fileId = "" } }) {
    const found = await operations.downloadFile(
      services,
      caller,
      id,
      fileId,
      rangeOf(request, fileId),
    );
    if (!found.ok) {
      return "file" in found
        ? { ...found, headers: { "Content-Range": `bytes */${found.file.size}` } }
        : found;
    }
    const { file, range, bytes: stream } = found;
    if (range === undefined) return { status: 200, stream, headers: headersOf(file, file.size) };
    const { offset, length } = range;
    const contentRange = `bytes ${offset}-${offset + length - 1}/${file.size}`;
    const headers = { ...headersOf(file, length), "Content-Range": contentRange };
    return { status: 206, stream, headers };
  },
});

export const deleteFile = endpoint({
  operationId: "deleteFile",
  summary: "Delete a file: it opens to nobody any more, and is gone for good after a week",
  audience: "session",
  access: "deleteFile",
  query: noQuerySchema,
  body: undefined,
  answers: { 204: null },
  errors: ["file_not_found", "session_expired", "session_terminated"],
  async handle({ services, caller, params: { id = "", fileId = "" } }) {
    return done(await operations.deleteFile(services, caller, id, fileId));
  },
});

/** What a request without a body brings. */
const NOTHING = () => new Blob().stream();

function declaredLength(request: Request): number | undefined {
  const header = request.headers.get("Content-Length") ?? "";
  return /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

const entityTag = (fileId: string) => `"${fileId}"`;

/** The range that is asked for, unless it is to follow on another file (`If-Range`, RFC 9110, 13.1.5). */
function rangeOf({ headers }: Request, fileId: string): string | null {
  const follows = headers.get("If-Range");
  return follows === null || follows === entityTag(fileId) ? headers.get("Range") : null;
}

/**
 * Whatever a browser makes of the file, it is saved and not shown, is taken for nothing but what it says, runs nothing,
 * and is embedded in no other site's page.
 */
function headersOf({ fileId, name, type }: StoredAttachment, length: number) {
  return {
    "Content-Type": type.startsWith("text/") ? `${type}; charset=utf-8` : type,
    "Content-Length": String(length),
    "Content-Disposition": attachmentDisposition(name),
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Accept-Ranges": "bytes",
    ETag: entityTag(fileId),
  };
}
