/** Part of a file, in bytes. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * What of `size` bytes a `Range` header asks for (RFC 9110, 14.1.2); undefined for all of it, as where the header is not
 * understood or asks for several parts, which nobody has to serve.
 */
export function byteRange(
  header: string | null,
  size: number,
): ByteRange | "unsatisfiable" | undefined {
  const [, first = "", last = ""] =
    /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  if (first === "") return span(Math.max(0, size - Number(last)), size);
  if (last !== "" && Number(last) < Number(first)) return undefined;
  return span(Number(first), last === "" ? size : Math.min(Number(last) + 1, size));
}

function span(offset: number, end: number): ByteRange | "unsatisfiable" {
  return offset < end ? { offset, length: end - offset } : "unsatisfiable";
}
