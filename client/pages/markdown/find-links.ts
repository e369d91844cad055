// Addresses that were written without any markup.
import { safeHref } from "./safe-href.ts";
import type { Inline } from "./tree.ts";

/** Up to a character that ends sentences or quotes rather than addresses. */
const ADDRESS = /\bhttps?:\/\/[^\s<>"'`|\\^{}]*[^\s<>"'`|\\^{}.,;:!?*_~)\]]/g;

export function findLinks(text: string): Inline[] {
  const found: Inline[] = [];
  let end = 0;
  for (const { 0: address, index } of text.matchAll(ADDRESS)) {
    const href = safeHref(address);
    if (href !== undefined) {
      found.push(...textOf(text.slice(end, index)));
      found.push({ kind: "link", href, children: textOf(address) });
      end = index + address.length;
    }
  }
  return [...found, ...textOf(text.slice(end))];
}

function textOf(text: string): Inline[] {
  return text === "" ? [] : [{ kind: "text", text }];
}
