/**
 * The device's description and the fingerprint in a real browser: the modules as they are bundled, on a blank page. That
 * page is on loopback, which browsers trust like one over TLS.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, describe, expect } from "vitest";
import { bundle, codeByName } from "../client/bundle.ts";
import { userAgentOf } from "../client/user-agents.ts";
import { launchBrowser } from "../support/browser.ts";
import { it } from "../support/e2e.ts";

/** The chunks that the page has asked for, as the server saw it. */
const requested: string[] = [];
/** Code by path. */
const files = new Map<string, string>();

const server = createServer(({ url = "/" }, response) => {
  response.setHeader("Cache-Control", "no-store");
  const code = files.get(url);
  if (code === undefined) {
    response.setHeader("Content-Type", "text/html");
    response.end("<!doctype html><title>blank</title>");
    return;
  }
  requested.push(url);
  response.setHeader("Content-Type", "text/javascript");
  response.end(code);
});

let browser: Browser;
let origin: string;

it.beforeAll(async ({ browser: launched }) => {
  browser = launched;
  for (const module of ["device-info", "fingerprint-consent"]) {
    const built = await bundle(`client/core/${module}.ts`);
    for (const [name, code] of codeByName(built)) files.set(`/${module}/${name}`, code);
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function openPage(options: BrowserContextOptions = {}, within = browser): Promise<Page> {
  const context = await within.newContext({
    locale: "de-DE",
    timezoneId: "Europe/Berlin",
    ...options,
  });
  const page = await context.newPage();
  await page.goto(origin);
  return page;
}

/** As text: the test runner would make its own of an `import()`. */
function fingerprintOf(page: Page, allowed = true): Promise<string | undefined> {
  return page.evaluate(
    `import("/fingerprint-consent/entry.js").then(({ fingerprintIfAllowed }) => fingerprintIfAllowed(${allowed}))`,
  );
}

async function fingerprintWith(options: BrowserContextOptions): Promise<string | undefined> {
  const page = await openPage(options);
  const found = await fingerprintOf(page);
  await page.context().close();
  return found;
}

describe("the fingerprint of one browser", () => {
  it("stays over a reload, another size, and a second visit with nothing kept", async () => {
    const page = await openPage();
    const first = await fingerprintOf(page);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    await page.reload();
    expect(await fingerprintOf(page)).toBe(first);
    await page.setViewportSize({ width: 640, height: 900 });
    expect(await fingerprintOf(page)).toBe(first);
    await page.context().close();
    expect(await fingerprintWith({})).toBe(first);
  });

  it("stays when the browser is started again", async () => {
    const again = await launchBrowser();
    try {
      const page = await openPage({}, again);
      expect(await fingerprintOf(page)).toBe(await fingerprintWith({}));
    } finally {
      await again.close();
    }
  });

  it.each<[string, BrowserContextOptions]>([
    ["a finer screen", { deviceScaleFactor: 2 }],
    ["dark colours", { colorScheme: "dark" }],
    ["another screen", { screen: { width: 2560, height: 1440 } }],
  ])("stays on %s", async (_where, options) => {
    expect(await fingerprintWith(options)).toBe(await fingerprintWith({}));
  });

  it.each<[string, BrowserContextOptions]>([
    ["another time zone", { timezoneId: "Asia/Tokyo" }],
    ["another language", { locale: "fr-FR" }],
  ])("is another in %s", async (_where, options) => {
    expect(await fingerprintWith(options)).not.toBe(await fingerprintWith({}));
  });

  it("has the drawing in it, which this browser gives as it is", async () => {
    const page = await openPage();
    await page.addInitScript(() => {
      const { fillText } = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
        fillText.call(this, text, x + 1, y);
      };
    });
    const before = await fingerprintOf(page);
    await page.reload();
    expect(await fingerprintOf(page)).not.toBe(before);
    await page.context().close();
  });
});

describe("the description of the device", () => {
  const read = 'import("/device-info/entry.js").then(({ readDeviceInfo }) => readDeviceInfo())';

  it("comes of Client Hints where the browser has them; no parser is loaded", async () => {
    const page = await openPage({ screen: { width: 1600, height: 900 } });
    requested.length = 0;
    expect(await page.evaluate(read)).toMatchObject({
      browser: "Chrome",
      browserVersion: browser.version(),
      deviceType: "desktop",
      screen: { width: 1600, height: 900 },
      timeZone: "Europe/Berlin",
      languages: ["de-DE"],
    });
    expect(requested).toEqual(["/device-info/entry.js"]);
    await page.context().close();
  });

  it("comes of the user agent where it has none", async () => {
    const page = await openPage({ userAgent: userAgentOf("Firefox on Linux") });
    await page.addInitScript(() => {
      Object.defineProperty(navigator, "userAgentData", { value: undefined });
    });
    await page.reload();
    requested.length = 0;
    expect(await page.evaluate(read)).toMatchObject({ browser: "Firefox", os: "Linux" });
    expect(requested).toEqual(["/device-info/entry.js", "/device-info/user-agent.js"]);
    await page.context().close();
  });
});

describe("nothing of the fingerprint is loaded", () => {
  it("where it is off", async () => {
    const page = await openPage();
    requested.length = 0;
    expect(await fingerprintOf(page, false)).toBeUndefined();
    expect(requested).toEqual(["/fingerprint-consent/entry.js"]);
    await page.context().close();
  });

  it("under Global Privacy Control", async () => {
    const page = await openPage();
    await page.addInitScript(() => {
      Object.defineProperty(navigator, "globalPrivacyControl", { value: true });
    });
    await page.reload();
    requested.length = 0;
    expect(await fingerprintOf(page)).toBeUndefined();
    expect(requested).toEqual(["/fingerprint-consent/entry.js"]);
    await page.context().close();
  });
});
