// Whether a file begins like what it says that it is. Asked about one type, which is less than to find out which of many
// it is: a table of a few lines does, where a library would bring hundreds of formats. By the WHATWG's MIME Sniffing
// standard (https://mimesniff.spec.whatwg.org), and for containers by the format's own specification.
import type { FileType } from "../protocol/file.ts";
import { boxBrands, docType, zipEntryNames } from "./containers.ts";

/** So many first bytes tell: of an Office document the folders come behind its list of contents. */
export const SNIFFED_BYTES = 65_536;

const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** Whether `head` has these bytes at `offset`. */
function at(head: Uint8Array, offset: number, bytes: Uint8Array | readonly number[]): boolean {
  return (
    head.length >= offset + bytes.length && bytes.every((byte, i) => head[offset + i] === byte)
  );
}

const riff = (kind: string) => (head: Uint8Array) =>
  at(head, 0, ascii("RIFF")) && at(head, 8, ascii(kind));

const zip = (head: Uint8Array) =>
  at(head, 0, [0x50, 0x4b, 3, 4]) || at(head, 0, [0x50, 0x4b, 5, 6]);

/** Office Open XML (ECMA-376, part 2): a zip whose parts lie in a folder that the kind of document gives its name. */
const office = (folder: string) => (head: Uint8Array) =>
  zip(head) && zipEntryNames(head).some((name) => name.startsWith(folder));

const isoMedia = (brand: RegExp) => (head: Uint8Array) =>
  boxBrands(head).some((one) => brand.test(one));

/** ISO/IEC 14496-12 and -14, and what cameras and recorders write. */
const MP4 = /^(?:iso[2-9m]|mp4[12v]|avc1|dash|M4[AVB] |f4v )$/;

const webm = (head: Uint8Array) => docType(head) === "webm";

/** UTF-8, as far as it is there, and no NUL. */
function text(head: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(head, { stream: true });
  } catch {
    return false;
  }
  return !head.includes(0);
}

/** MPEG-1 and -2, layer III, with an ID3 tag before it or without. */
function mp3(head: Uint8Array): boolean {
  if (at(head, 0, ascii("ID3"))) return true;
  const [sync = 0, version = 0, rates = 0xff] = head;
  return (
    sync === 0xff &&
    (version & 0xe6) === 0xe2 &&
    (version & 0x18) !== 0x08 &&
    (rates & 0xf0) !== 0xf0 &&
    (rates & 0x0c) !== 0x0c
  );
}

const BEGINNINGS: Readonly<Record<FileType, (head: Uint8Array) => boolean>> = {
  "image/png": (head) => at(head, 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  "image/jpeg": (head) => at(head, 0, [0xff, 0xd8, 0xff]),
  "image/gif": (head) => at(head, 0, ascii("GIF87a")) || at(head, 0, ascii("GIF89a")),
  "image/webp": riff("WEBP"),
  "image/avif": isoMedia(/^avi[fs]$/),
  "application/pdf": (head) => at(head, 0, ascii("%PDF-")),
  "text/plain": text,
  "text/csv": text,
  "audio/mpeg": mp3,
  "audio/mp4": isoMedia(MP4),
  "audio/ogg": (head) => at(head, 0, ascii("OggS\0")),
  "audio/webm": webm,
  "audio/wav": riff("WAVE"),
  "video/mp4": isoMedia(MP4),
  "video/webm": webm,
  "application/zip": zip,
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": office("word/"),
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": office("xl/"),
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": office("ppt/"),
};

/** Whether a file that begins with `head`, its first bytes up to `SNIFFED_BYTES`, may be of `type`. An empty one is of none. */
export function beginsAs(type: FileType, head: Uint8Array): boolean {
  return head.length > 0 && BEGINNINGS[type](head);
}
