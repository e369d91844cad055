/** How files of each type begin, as what writes them has it; and what begins otherwise. */
import type { FileType } from "../../src/protocol/file.ts";

export const latin = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** A file type box: its brands, the major one first. */
const ftyp = (major: string, ...compatible: readonly string[]) =>
  `\0\0\0${String.fromCharCode(16 + 4 * compatible.length)}ftyp${major}\0\0\0\0${compatible.join("")}`;

/** A local file header without sizes, as of an archive that is written as a stream, and some bytes. */
const entry = (name: string, bytes = "\x01\x02PK\x07") =>
  `PK\x03\x04\x14\0\x08\0\x08\0${"\0".repeat(16)}${String.fromCharCode(name.length)}\0\0\0${name}${bytes}`;

const ooxml = (folder: string) =>
  entry("[Content_Types].xml", "\x09".repeat(900)) +
  entry("_rels/.rels") +
  entry(`${folder}/x.xml`);

const ebml = (type: string) =>
  `\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\x82${String.fromCharCode(0x80 + type.length)}${type}\x42\x87\x81\x04`;

const WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const POWERPOINT = "application/vnd.openxmlformats-officedocument.presentationml.presentation";

export const BEGINNINGS: Readonly<Record<FileType, readonly string[]>> = {
  "image/png": ["\x89PNG\r\n\x1a\n\0\0\0\rIHDR"],
  "image/jpeg": ["\xff\xd8\xff\xe0\0\x10JFIF", "\xff\xd8\xff\xe1..Exif", "\xff\xd8\xff\xdb"],
  "image/gif": ["GIF89a\x01\0\x01\0", "GIF87a\x01\0\x01\0"],
  "image/webp": ["RIFF\x24\0\0\0WEBPVP8 "],
  "image/avif": [ftyp("avif", "mif1", "miaf"), ftyp("mif1", "avif"), ftyp("avis", "msf1")],
  "application/pdf": ["%PDF-1.7\n%\xe2\xe3\xcf\xd3"],
  "text/plain": ["Hello", "Gr\xc3\xbc\xc3\x9fe", "\xef\xbb\xbfwith a mark", "<html><script>"],
  "text/csv": ["a;b\r\n1;2"],
  "audio/mpeg": ["ID3\x04\0\0", "\xff\xfb\x90\x64", "\xff\xf3\x84\xc4"],
  "audio/mp4": [ftyp("M4A ", "isom", "mp42"), ftyp("iso5", "hlsf"), ftyp("mp42")],
  "audio/ogg": ["OggS\0\x02"],
  "audio/webm": [ebml("webm")],
  "audio/wav": ["RIFF\x24\0\0\0WAVEfmt "],
  "video/mp4": [ftyp("isom", "iso2", "avc1", "mp41"), ftyp("mp42"), ftyp("XAVC", "mp42")],
  "video/webm": [ebml("webm")],
  "application/zip": [entry("a.txt"), "PK\x05\x06".padEnd(22, "\0"), ooxml("word")],
  [WORD]: [ooxml("word"), entry("word/numbering.xml")],
  [EXCEL]: [ooxml("xl")],
  [POWERPOINT]: [ooxml("ppt")],
};

/** Of no type, but for text where they are that. */
export const OTHERS: readonly (readonly [what: string, head: string, isText: boolean])[] = [
  ["nothing", "", false],
  ["a program for Windows", "MZ\x90\0\x03\0", false],
  ["a program for Linux", "\x7fELF\x02\x01\x01\0", false],
  ["UTF-16", "\xff\xfeH\0i\0", false],
  ["Latin-1", "Gr\xfc\xdfe", false],
  ["a text with a NUL", "Hello\0World", false],
  ["a page with a picture's name in it", "<!-- \x89PNG\r\n\x1a\n -->", false],
  ["a page", "<!doctype html><script>alert(1)</script>", true],
  ["a drawing with a script", '<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', true],
  ["a PDF behind something else", "<script></script>%PDF-1.7", true],
  ["a picture of an iPhone", ftyp("heic", "mif1", "heic"), false],
  ["a QuickTime film", ftyp("qt  ", "qt  "), false],
  ["Matroska", ebml("matroska"), false],
  ["a RIFF of another kind", "RIFF\x24\0\0\0AVI LIST", false],
  ["an old Word document", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", false],
];
