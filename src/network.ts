// Where a caller is on the internet, for whoever counts by it: an IPv4 address, or the /64 of an IPv6 one,
// which is the least that a provider gives a household.
import ipaddr from "ipaddr.js";

/** Of callers whose address nobody can read: they are counted together rather than not at all. */
const UNREADABLE = "unreadable";

/**
 * The network of whoever sent `request`. Cloudflare's edge overwrites `CF-Connecting-IP` with the address that connected;
 * forwarding headers are the client's own words and are never read. Undefined off the edge, where nobody vouches for any.
 */
export function networkOfRequest(request: Request): string | undefined {
  const address = request.headers.get("CF-Connecting-IP");
  return address === null ? undefined : networkOfAddress(address);
}

/** The network of an address; an IPv6 address that stands for an IPv4 one is that. */
export function networkOfAddress(text: string): string {
  if (!ipaddr.isValid(text)) return UNREADABLE;
  const address = ipaddr.process(text);
  if (address instanceof ipaddr.IPv4) return address.toString();
  const [a = 0, b = 0, c = 0, d = 0] = address.parts;
  return `${new ipaddr.IPv6([a, b, c, d, 0, 0, 0, 0]).toString()}/64`;
}
