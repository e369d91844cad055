// What containers say of themselves in their first bytes, however many of those there are.

const latin = (bytes: Uint8Array) => String.fromCharCode(...bytes);

const uint32 = (bytes: Uint8Array, offset: number) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset);

/** The brands of a file type box, with which ISO base media begin (ISO/IEC 14496-12, 4.3); none of other files. */
export function boxBrands(head: Uint8Array): string[] {
  if (head.length < 16 || latin(head.subarray(4, 8)) !== "ftyp") return [];
  const end = Math.min(uint32(head, 0), head.length, MAX_BOX_BYTES);
  const brands: string[] = [];
  for (let offset = 8; offset + 4 <= end; offset += 4) {
    // Between the major brand and the compatible ones is its version.
    if (offset !== 12) brands.push(latin(head.subarray(offset, offset + 4)));
  }
  return brands;
}

/** Real ones have a dozen brands. */
const MAX_BOX_BYTES = 1024;

const LOCAL_FILE_HEADER = 0x504b0304;
const LOCAL_FILE_HEADER_BYTES = 30;
const MAX_ENTRY_NAME_BYTES = 256;

/**
 * Names of a zip's entries (APPNOTE 4.3.7) that begin in these bytes. Looked for by their signature, since an entry need
 * not say how long it is; one that is found in an entry's data is no harm to whoever asks what there may be.
 */
export function zipEntryNames(head: Uint8Array): string[] {
  const names: string[] = [];
  for (
    let offset = head.indexOf(0x50);
    offset !== -1 && offset + LOCAL_FILE_HEADER_BYTES <= head.length;
    offset = head.indexOf(0x50, offset + 1)
  ) {
    if (uint32(head, offset) !== LOCAL_FILE_HEADER) continue;
    const length = (head[offset + 26] ?? 0) | ((head[offset + 27] ?? 0) << 8);
    const start = offset + LOCAL_FILE_HEADER_BYTES;
    names.push(latin(head.subarray(start, start + Math.min(length, MAX_ENTRY_NAME_BYTES))));
  }
  return names;
}

const EBML = 0x1a45dfa3;
const MAX_EBML_HEADER_BYTES = 256;

/** The document type in an EBML header (RFC 8794, 11.2.4), with which Matroska begins: an element 0x4282 and its length. */
export function docType(head: Uint8Array): string | undefined {
  if (head.length < 8 || uint32(head, 0) !== EBML) return undefined;
  const end = Math.min(head.length, MAX_EBML_HEADER_BYTES);
  for (let offset = 4; offset + 3 <= end; offset++) {
    if (head[offset] !== 0x42 || head[offset + 1] !== 0x82) continue;
    // Lengths up to 126 are one byte with its first bit set.
    const length = (head[offset + 2] ?? 0) & 0x7f;
    return latin(head.subarray(offset + 3, offset + 3 + length)).replace(/\0+$/, "");
  }
  return undefined;
}
