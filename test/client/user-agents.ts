// User agents as browsers send them, and what is to be made of them.
import type { DeviceInfo } from "../../src/protocol/session.ts";

type Software = Pick<DeviceInfo, "browser" | "browserVersion" | "os" | "osVersion" | "deviceType">;

export interface UserAgent {
  readonly what: string;
  readonly userAgent: string;
  readonly maxTouchPoints?: number;
  readonly expected: Software;
}

const WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
const BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)";

const WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)";
const ANDROID = "Mozilla/5.0 (Linux; Android 10; K)";

const windows = { os: "Windows", deviceType: "desktop" } as const;
const mac = { os: "macOS", deviceType: "desktop" } as const;
const android = { os: "Android", deviceType: "mobile" } as const;
const chrome = { browser: "Chrome", browserVersion: "131.0.0.0" };

export const USER_AGENTS: readonly UserAgent[] = [
  {
    what: "Chrome on Windows",
    userAgent: `${WINDOWS} ${BLINK} Chrome/131.0.0.0 Safari/537.36`,
    expected: { ...chrome, ...windows },
  },
  {
    what: "Chrome on a Mac",
    userAgent: `${MAC} ${BLINK} Chrome/131.0.0.0 Safari/537.36`,
    expected: { ...chrome, ...mac },
  },
  {
    what: "Chrome on Linux",
    userAgent: `Mozilla/5.0 (X11; Linux x86_64) ${BLINK} Chrome/131.0.0.0 Safari/537.36`,
    expected: { ...chrome, os: "Linux", deviceType: "desktop" },
  },
  {
    what: "Chrome on a Chromebook",
    userAgent: `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${BLINK} Chrome/131.0.0.0 Safari/537.36`,
    expected: { ...chrome, os: "Chrome OS" },
  },
  {
    what: "Edge",
    userAgent: `${WINDOWS} ${BLINK} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0`,
    expected: { browser: "Microsoft Edge", browserVersion: "131.0.0.0", ...windows },
  },
  {
    what: "Opera",
    userAgent: `${WINDOWS} ${BLINK} Chrome/130.0.0.0 Safari/537.36 OPR/115.0.0.0`,
    expected: { browser: "Opera", browserVersion: "115.0.0.0", ...windows },
  },
  {
    what: "Yandex Browser",
    userAgent: `${WINDOWS} ${BLINK} Chrome/130.0.0.0 YaBrowser/24.12.0.0 Safari/537.36`,
    expected: { browser: "Yandex Browser", browserVersion: "24.12.0.0", ...windows },
  },
  {
    what: "Firefox on Windows",
    userAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
    expected: { browser: "Firefox", browserVersion: "132.0", ...windows },
  },
  {
    what: "Firefox on a Mac",
    userAgent:
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0",
    expected: { browser: "Firefox", browserVersion: "132.0", ...mac },
  },
  {
    what: "Firefox on Linux",
    userAgent: "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    expected: { browser: "Firefox", browserVersion: "132.0", os: "Linux", deviceType: "desktop" },
  },
  {
    what: "Internet Explorer 11 on Windows 7",
    userAgent: "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
    expected: { browser: "Internet Explorer", browserVersion: "11.0", ...windows, osVersion: "7" },
  },
  {
    what: "Safari on a Mac",
    userAgent: `${MAC} ${WEBKIT} Version/18.1 Safari/605.1.15`,
    maxTouchPoints: 0,
    expected: { browser: "Safari", browserVersion: "18.1", ...mac },
  },
  {
    what: "an iPad that asks for desktop pages",
    userAgent: `${MAC} ${WEBKIT} Version/18.1 Safari/605.1.15`,
    maxTouchPoints: 5,
    expected: { browser: "Safari", browserVersion: "18.1", os: "iOS", deviceType: "tablet" },
  },
  {
    what: "an older iPad",
    userAgent: `Mozilla/5.0 (iPad; CPU OS 12_5_7 like Mac OS X) ${WEBKIT} Version/12.1.2 Mobile/15E148 Safari/604.1`,
    maxTouchPoints: 5,
    expected: {
      browser: "Safari",
      browserVersion: "12.1.2",
      os: "iOS",
      osVersion: "12.5.7",
      deviceType: "tablet",
    },
  },
  {
    what: "Safari on an iPhone",
    userAgent: `Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) ${WEBKIT} Version/17.6 Mobile/15E148 Safari/604.1`,
    maxTouchPoints: 5,
    expected: {
      browser: "Safari",
      browserVersion: "17.6",
      os: "iOS",
      osVersion: "17.6.1",
      deviceType: "mobile",
    },
  },
  {
    what: "Chrome on an iPhone",
    userAgent: `Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) ${WEBKIT} CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1`,
    expected: {
      browser: "Chrome",
      browserVersion: "131.0.6778.73",
      os: "iOS",
      osVersion: "18.1",
      deviceType: "mobile",
    },
  },
  {
    what: "Firefox on an iPhone",
    userAgent: `Mozilla/5.0 (iPhone; CPU iPhone OS 14_7_1 like Mac OS X) ${WEBKIT} FxiOS/132.0 Mobile/15E148 Safari/605.1.15`,
    expected: {
      browser: "Firefox",
      browserVersion: "132.0",
      os: "iOS",
      osVersion: "14.7.1",
      deviceType: "mobile",
    },
  },
  {
    what: "Chrome on an Android phone",
    userAgent: `${ANDROID} ${BLINK} Chrome/131.0.0.0 Mobile Safari/537.36`,
    expected: { ...chrome, ...android },
  },
  {
    what: "Chrome on an Android tablet",
    userAgent: `${ANDROID} ${BLINK} Chrome/131.0.0.0 Safari/537.36`,
    expected: { ...chrome, os: "Android", deviceType: "tablet" },
  },
  {
    what: "Samsung Internet",
    userAgent: `${ANDROID} ${BLINK} SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36`,
    expected: { browser: "Samsung Internet for Android", browserVersion: "27.0", ...android },
  },
  {
    what: "Opera on an Android phone",
    userAgent: `${ANDROID} ${BLINK} Chrome/127.0.0.0 Mobile Safari/537.36 OPR/84.0.0.0`,
    expected: { browser: "Opera", browserVersion: "84.0.0.0", ...android },
  },
  {
    what: "a WebView on an Android phone",
    userAgent: `Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UQ1A.240105.004; wv) ${BLINK} Version/4.0 Chrome/120.0.6099.144 Mobile Safari/537.36`,
    expected: {
      browser: "Chrome",
      browserVersion: "120.0.6099.144",
      ...android,
      osVersion: "14",
    },
  },
  {
    what: "Firefox on an Android phone",
    userAgent: "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0",
    expected: { browser: "Firefox", browserVersion: "132.0", ...android, osVersion: "14" },
  },
  {
    what: "Firefox on an Android tablet",
    userAgent: "Mozilla/5.0 (Android 14; Tablet; rv:132.0) Gecko/132.0 Firefox/132.0",
    expected: {
      browser: "Firefox",
      browserVersion: "132.0",
      os: "Android",
      osVersion: "14",
      deviceType: "tablet",
    },
  },
  {
    what: "a television",
    userAgent: `Mozilla/5.0 (Web0S; Linux/SmartTV) ${BLINK} Chrome/108.0.5359.211 Safari/537.36 WebAppManager`,
    expected: { browser: "WebOS Browser", os: "WebOS" },
  },
  {
    what: "Googlebot",
    userAgent: `Mozilla/5.0 ${BLINK.replace(")", "; compatible; Googlebot/2.1; +http://www.google.com/bot.html)")} Chrome/131.0.6778.69 Safari/537.36`,
    expected: { browser: "Googlebot", browserVersion: "2.1" },
  },
  {
    what: "Bingbot",
    userAgent: `Mozilla/5.0 ${BLINK.replace(")", "; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)")} Chrome/116.0.1938.76 Safari/537.36`,
    expected: { browser: "BingCrawler", browserVersion: "2.0" },
  },
  { what: "curl", userAgent: "curl/8.5.0", expected: {} },
  { what: "Node", userAgent: "Node.js/24", expected: {} },
  { what: "one that is too long", userAgent: `Firefox/132.0 ${"x".repeat(500)}`, expected: {} },
];

export function userAgentOf(what: string): string {
  const found = USER_AGENTS.find((one) => one.what === what);
  if (found === undefined) throw new Error(`No user agent of ${what}.`);
  return found.userAgent;
}
