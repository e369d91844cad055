const utf8 = new TextEncoder();

/** Length of `text` in UTF-8. */
export function byteLength(text: string): number {
  return utf8.encode(text).length;
}
