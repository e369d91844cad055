// What the session says of the device that began it, for the team to see. Loaded when a session is about to be created.
import { DEVICE_TYPES, type DeviceInfo } from "../../src/protocol/session.ts";
import { readClientHints, type Software } from "./client-hints.ts";
import { type DeviceScope, globalDeviceScope } from "./device-scope.ts";

const MAX_LANGUAGES = 16;

/**
 * What is not known, or not of a kind that the server takes, is left out. Never rejects. Takes up to 200 ms in browsers with
 * Client Hints; in others it loads the parser of user agents.
 */
export async function readDeviceInfo(
  scope: DeviceScope = globalDeviceScope(),
): Promise<DeviceInfo> {
  const software = await softwareOf(scope).catch(() => undefined);
  return {
    ...(software && attempt(() => named(software))),
    ...attempt(() => screenOf(scope)),
    ...attempt(() => textField("timeZone", scope.timeZone(), 64)),
    ...attempt(() => languagesOf(scope)),
  };
}

async function softwareOf({ navigator, after }: DeviceScope): Promise<Software | undefined> {
  const hints = navigator?.userAgentData;
  const hinted = hints && (await readClientHints(hints, after).catch(() => undefined));
  if (hinted?.browser !== undefined && hinted.os !== undefined) return hinted;
  const { userAgent, maxTouchPoints } = navigator ?? {};
  if (userAgent === undefined || userAgent === "") return hinted;
  const { parseUserAgent } = await import("./user-agent.ts");
  return parseUserAgent(userAgent, maxTouchPoints) ?? hinted;
}

function named({ browser, browserVersion, os, osVersion, ...software }: Software): DeviceInfo {
  const deviceType = DEVICE_TYPES.find((type) => type === software.deviceType);
  return {
    ...textField("browser", browser, 64),
    ...textField("browserVersion", browserVersion, 32),
    ...textField("os", os, 64),
    ...textField("osVersion", osVersion, 32),
    ...(deviceType && { deviceType }),
  };
}

function screenOf({ screen }: DeviceScope): DeviceInfo {
  if (screen === undefined) return {};
  const width = Math.round(screen.width);
  const height = Math.round(screen.height);
  const plausible = [width, height].every((side) => side >= 1 && side <= 100_000);
  return plausible ? { screen: { width, height } } : {};
}

/** No language tag in use is as long as the longest that is taken: what is longer is none. */
function languagesOf({ navigator }: DeviceScope): DeviceInfo {
  const languages = [...(navigator?.languages ?? [])].filter(
    (tag) => typeof tag === "string" && tag.length >= 1 && tag.length <= 35,
  );
  return languages.length === 0 ? {} : { languages: languages.slice(0, MAX_LANGUAGES) };
}

function textField<Field extends string>(
  field: Field,
  value: unknown,
  maxLength: number,
): { readonly [F in Field]?: string } {
  if (typeof value !== "string" || value === "") return {};
  return { [field]: value.slice(0, maxLength) } as { [F in Field]: string };
}

/** Browsers and extensions that guard their users make some of it throw. */
function attempt(read: () => DeviceInfo): DeviceInfo {
  try {
    return read();
  } catch {
    return {};
  }
}
