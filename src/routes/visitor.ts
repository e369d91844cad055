// What the edge and the browser tell of whoever sent a request. Nothing of it is trusted: it is shown, never decided by.
import Bowser from "bowser";
import { networkOfRequest } from "../network.ts";
import type { Visitor } from "../operations/visitor.ts";
import { DEVICE_TYPES, type DeviceInfo, type LocationInfo } from "../protocol/session.ts";

/** Real ones have about 200; a longer one is not worth the parsing. */
const MAX_USER_AGENT_LENGTH = 512;

export function visitorOf(request: Request): Visitor {
  return {
    deviceInfo: deviceOf(request.headers.get("User-Agent") ?? ""),
    locationInfo: edgeLocation(request),
    network: networkOfRequest(request),
  };
}

function deviceOf(userAgent: string): DeviceInfo {
  if (userAgent === "" || userAgent.length > MAX_USER_AGENT_LENGTH) return {};
  const { browser, os, platform } = Bowser.parse(userAgent);
  const deviceType = DEVICE_TYPES.find((type) => type === platform.type);
  return {
    ...named("browser", browser.name, 64),
    ...named("browserVersion", browser.version, 32),
    ...named("os", os.name, 64),
    ...named("osVersion", os.versionName ?? os.version, 32),
    ...(deviceType !== undefined && { deviceType }),
  };
}

function named<Field extends string>(
  field: Field,
  value: string | undefined,
  maxLength: number,
): { readonly [F in Field]?: string } {
  return value ? ({ [field]: value.slice(0, maxLength) } as { [F in Field]: string }) : {};
}

/** Where Cloudflare's edge places the request. */
function edgeLocation(request: Request): LocationInfo {
  const cf = (request.cf ?? {}) as Partial<IncomingRequestCfProperties>;
  const { country, region, city, timezone } = cf;
  return {
    ...(country !== undefined && country !== "T1" && /^[A-Z]{2}$/.test(country) && { country }),
    ...(region && { region: region.slice(0, 128) }),
    ...(city && { city: city.slice(0, 128) }),
    ...(timezone && { timeZone: timezone.slice(0, 64) }),
  };
}
