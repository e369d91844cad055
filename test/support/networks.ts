/** Headers as Cloudflare's edge sets them, for callers who are on networks of their own. */
let networks = 0;

/** An IPv4 address that nobody had before. */
export function newAddress(): string {
  networks++;
  return `198.${18 + (networks >> 16)}.${(networks >> 8) & 255}.${networks & 255}`;
}

export function from(address: string): { readonly "CF-Connecting-IP": string } {
  return { "CF-Connecting-IP": address };
}
