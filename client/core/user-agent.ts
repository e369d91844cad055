// Browser and device by the user agent, as the server reads that header. Loaded only where there are no Client Hints: the
// library is larger than the rest of the client.
import Bowser from "bowser";
import type { Software } from "./client-hints.ts";

/** Real ones have about 200; a longer one is not worth the parsing. */
const MAX_USER_AGENT_LENGTH = 512;

/** What browsers say of every later version too: no version at all is better than a wrong one. */
const FROZEN_OS_VERSION = /Mac OS X 10[._]15|Windows NT 10\.0|Android 10; K\)/;

/** `maxTouchPoints` tells an iPad that asks for desktop pages from a Mac, which has no touch screen. */
export function parseUserAgent(
  userAgent: string,
  maxTouchPoints: number | undefined,
): Software | undefined {
  if (userAgent === "" || userAgent.length > MAX_USER_AGENT_LENGTH) return undefined;
  const { browser, os, platform } = Bowser.parse(userAgent);
  const isTablet = os.name === "macOS" && maxTouchPoints !== undefined && maxTouchPoints > 1;
  return {
    browser: browser.name,
    browserVersion: browser.version,
    os: isTablet ? "iOS" : os.name,
    osVersion: FROZEN_OS_VERSION.test(userAgent) ? undefined : (os.versionName ?? os.version),
    deviceType: isTablet ? "tablet" : platform.type,
  };
}
