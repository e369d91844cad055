// The name under which a file is kept and handed out: what a person calls it, and nothing that a computer acts on.
import type { FileType } from "../protocol/file.ts";
import { MAX_ATTACHMENT_NAME_LENGTH } from "../protocol/limits.ts";

/** What names of a type may end in; the first is put there where none of them is. */
const EXTENSIONS: Readonly<Record<FileType, readonly [string, ...string[]]>> = {
  "image/png": ["png"],
  "image/jpeg": ["jpg", "jpeg", "jpe", "jfif"],
  "image/gif": ["gif"],
  "image/webp": ["webp"],
  "image/avif": ["avif"],
  "application/pdf": ["pdf"],
  "text/plain": ["txt", "text", "log", "md"],
  "text/csv": ["csv"],
  "audio/mpeg": ["mp3"],
  "audio/mp4": ["m4a", "mp4", "m4b"],
  "audio/ogg": ["ogg", "oga", "opus"],
  "audio/webm": ["webm", "weba"],
  "audio/wav": ["wav"],
  "video/mp4": ["mp4", "m4v"],
  "video/webm": ["webm"],
  "application/zip": ["zip"],
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ["docx"],
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ["xlsx"],
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": ["pptx"],
};

/** Controls, and characters that turn the direction of writing, which make an `exe` look like a `png`. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * What a file of `type` is called that was sent as `given`: without the folders before it and what nobody sees, and ending
 * in what its type ends in, since a system that opens it goes by that: a text called `invoice.hta` would be a program.
 */
export function fileName(given: string, type: FileType): string {
  const [standard, ...others] = EXTENSIONS[type];
  const base = (given.toWellFormed().split(/[/\\]/).at(-1) ?? "").replace(UNSEEN, "").trim();
  const named = /^\.*$/.test(base) ? "file" : base;
  const extension = /\.([^.]+)$/.exec(named)?.[1]?.toLowerCase() ?? "";
  const isFitting = [standard, ...others].includes(extension);
  if (isFitting && named.length <= MAX_ATTACHMENT_NAME_LENGTH) return named;
  const ending = `.${isFitting ? extension : standard}`;
  const stem = isFitting ? named.slice(0, -ending.length) : named;
  return stem.slice(0, MAX_ATTACHMENT_NAME_LENGTH - ending.length).toWellFormed() + ending;
}

/**
 * A `Content-Disposition` that has a browser save the file under `name` (RFC 6266), in UTF-8 (RFC 8187) and for what does
 * not know that, in ASCII.
 */
export function attachmentDisposition(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
