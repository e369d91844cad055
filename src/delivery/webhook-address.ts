// Where a webhook may point: the public internet, over TLS. What a name resolves to is not known here; a Worker on
// Cloudflare's edge reaches no private network.
import ipaddr from "ipaddr.js";

/** Names that stand for somebody's own machine or network, and all below them. */
const PRIVATE_NAMES = ["localhost", "local", "internal"];

const LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"];

/** `::/96`, which once stood for IPv4; and the private half of NAT64 (RFC 8215). */
const OTHER_PRIVATE: readonly [ipaddr.IPv6, number][] = [
  [ipaddr.IPv6.parse("::"), 96],
  [ipaddr.IPv6.parse("64:ff9b:1::"), 48],
];

/**
 * Why nothing is sent to `text`, if so.
 * @param isLocalAllowed in development: `http` to this machine
 */
export function addressProblem(text: string, isLocalAllowed: boolean): string | undefined {
  const url = URL.parse(text);
  if (url === null) return "not a URL";
  if (url.username !== "" || url.password !== "") return "no credentials in the address";
  if (isLocalAllowed && isLocal(url)) return undefined;
  if (url.protocol !== "https:") return "only https";
  return hostProblem(url.hostname);
}

function isLocal({ protocol, hostname }: URL): boolean {
  return ["http:", "https:"].includes(protocol) && LOCAL_HOSTS.includes(hostname);
}

/** `hostname` as URL normalises it: lower case, IPv4 in four decimals however it was written. */
function hostProblem(hostname: string): string | undefined {
  const name = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (ipaddr.isValid(name)) return isPublic(ipaddr.parse(name)) ? undefined : "no public address";
  const labels = name.split(".");
  // Two dots at the end are no name to URL, and the name before them to some resolvers.
  if (labels.length < 2 || labels.includes("")) return "a name with a domain";
  return PRIVATE_NAMES.includes(labels.at(-1) ?? "") ? "no public name" : undefined;
}

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address instanceof ipaddr.IPv4) return address.range() === "unicast";
  if (address.isIPv4MappedAddress()) return isPublic(address.toIPv4Address());
  const range = address.range();
  // An address that carries an IPv4 one is as public as that.
  if (range === "rfc6052") return isPublic(lastIPv4(address));
  return range === "unicast" && !OTHER_PRIVATE.some((subnet) => address.match(subnet));
}

function lastIPv4({ parts }: ipaddr.IPv6): ipaddr.IPv4 {
  const [high = 0, low = 0] = parts.slice(6);
  return new ipaddr.IPv4([high >> 8, high & 255, low >> 8, low & 255]);
}
