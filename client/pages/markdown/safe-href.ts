const SAFE_PROTOCOLS: ReadonlySet<string> = new Set(["http:", "https:", "mailto:", "tel:"]);

/** The address as the browser will take it, if a click on it only leads elsewhere; undefined for whatever else it may be. */
export function safeHref(address: string): string | undefined {
  if (!URL.canParse(address)) {
    return undefined;
  }
  const { protocol, href } = new URL(address);
  return SAFE_PROTOCOLS.has(protocol) ? href : undefined;
}
