// Browser and device by User-Agent Client Hints, under the names that the server finds in a `User-Agent` header of the same
// browser: statistics must not have one browser twice.
import type { DeviceType } from "../../src/protocol/session.ts";
import type { Brand, ClientHints, DeviceScope, HighEntropyValues } from "./device-scope.ts";

/** Undefined: not known. */
export interface Software {
  readonly browser: string | undefined;
  readonly browserVersion: string | undefined;
  readonly os: string | undefined;
  readonly osVersion: string | undefined;
  readonly deviceType: string | undefined;
}

/** A browser may ask its user first; a session does not wait for that. */
const HIGH_ENTROPY_TIMEOUT_MS = 200;

/** No `model`: nothing here would show it. */
const HIGH_ENTROPY_HINTS = ["fullVersionList", "platformVersion", "formFactors"];

const VENDORS: ReadonlyMap<string, string> = new Map([
  ["Google Chrome", "Chrome"],
  ["Microsoft Edge", "Microsoft Edge"],
  ["Opera", "Opera"],
  ["Opera GX", "Opera"],
  ["OperaMobile", "Opera"],
  ["Samsung Internet", "Samsung Internet for Android"],
  ["YaBrowser", "Yandex Browser"],
  ["Yandex", "Yandex Browser"],
  ["Whale", "NAVER Whale Browser"],
  ["Brave", "Brave"],
  ["DuckDuckGo", "DuckDuckGo"],
  ["Vivaldi", "Vivaldi"],
]);

/** What those call themselves that say no more than their engine; their `User-Agent` header says Chrome. */
const ENGINES: ReadonlySet<string> = new Set(["Chromium", "HeadlessChrome", "Android WebView"]);

/** The brand that Chromium makes up so that nobody relies on the list, in any punctuation. */
const GREASE = /^[^a-z]*not[^a-z]*a[^a-z]*brand[^a-z]*$/i;

const SYSTEMS: ReadonlyMap<string, string> = new Map([
  ["Chromium OS", "Chrome OS"],
  ["Chrome OS", "Chrome OS"],
  ["Windows", "Windows"],
  ["macOS", "macOS"],
  ["Linux", "Linux"],
  ["Android", "Android"],
  ["iOS", "iOS"],
]);

const DESKTOP_SYSTEMS: ReadonlySet<string> = new Set(["Windows", "macOS", "Linux", "Chrome OS"]);

export async function readClientHints(
  hints: ClientHints,
  after: DeviceScope["after"],
): Promise<Software> {
  const detailed = await highEntropyValues(hints, after);
  const brand = ownBrand(hints.brands);
  const os = SYSTEMS.get(hints.platform ?? "");
  return {
    browser:
      brand && (VENDORS.get(brand.brand) ?? (ENGINES.has(brand.brand) ? "Chrome" : brand.brand)),
    browserVersion: (ownBrand(detailed.fullVersionList) ?? brand)?.version,
    os,
    osVersion: os && osVersion(os, detailed.platformVersion ?? ""),
    deviceType: deviceType(os, hints.mobile === true, detailed.formFactors ?? []),
  };
}

/** Empty where the browser refuses, or takes too long. */
async function highEntropyValues(
  hints: ClientHints,
  after: DeviceScope["after"],
): Promise<HighEntropyValues> {
  let cancel = () => {};
  const late = new Promise<undefined>((resolve) => {
    cancel = after(HIGH_ENTROPY_TIMEOUT_MS, () => resolve(undefined));
  });
  try {
    return (await Promise.race([hints.getHighEntropyValues?.(HIGH_ENTROPY_HINTS), late])) ?? {};
  } catch {
    return {};
  } finally {
    cancel();
  }
}

/** Browsers list their own brand beside that of their engine, in any order. */
function ownBrand(brands: readonly Brand[] | undefined): Brand | undefined {
  const real = (brands ?? []).filter(({ brand }) => brand !== "" && !GREASE.test(brand));
  return (
    real.find(({ brand }) => VENDORS.has(brand)) ??
    real.find(({ brand }) => !ENGINES.has(brand)) ??
    real[0]
  );
}

function osVersion(os: string, platformVersion: string): string | undefined {
  switch (os) {
    // Its hint counts API contracts: Windows 11 begins with 13, https://learn.microsoft.com/microsoft-edge/web-platform/how-to-detect-win11
    case "Windows": {
      const contract = Number.parseInt(platformVersion, 10);
      if (contract >= 13) return "11";
      return contract >= 1 ? "10" : undefined;
    }
    // The kernel's, if anything.
    case "Linux":
      return undefined;
    default:
      return platformVersion.replace(/(\.0)+$/, "");
  }
}

function deviceType(
  os: string | undefined,
  mobile: boolean,
  formFactors: readonly string[],
): DeviceType | undefined {
  const has = (...factors: string[]) => factors.some((factor) => formFactors.includes(factor));
  if (has("Automotive", "XR", "Watch")) return "other";
  if (has("Desktop") || DESKTOP_SYSTEMS.has(os ?? "")) return "desktop";
  if (mobile || has("Mobile")) return "mobile";
  return has("Tablet") || os === "Android" ? "tablet" : undefined;
}
