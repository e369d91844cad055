/**
 * The fingerprint in a real browser: the modules as they are bundled, on a blank page. That page is on loopback, which
 * browsers trust like one over TLS.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle } from "../client/bundle.ts";
import { launchBrowser } from "../support/browser.ts";

/** The chunks that the page has asked for, as the server saw it. */
const requested: string[] = [];
let files: ReadonlyMap<string, string>;

const server = createServer(({ url = "/" }, response) => {
  response.setHeader("Cache-Control", "no-store");
  const code = files.get(url.slice(1));
  if (code === undefined) {
    response.setHeader("Content-Type", "text/html");
    response.end("<!doctype html><title>blank</title>");
    return;
  }
  requested.push(url.slice(1));
  response.setHeader("Content-Type", "text/javascript");
  response.end(code);
});

let browser: Browser;
let origin: string;

beforeAll(async () => {
  ({ files } = await bundle("client/core/fingerprint-consent.ts"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await new Promise((resolve) => server.close(resolve));
});

async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
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
    `import("/entry.js").then(({ fingerprintIfAllowed }) => fingerprintIfAllowed(${allowed}))`,
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

describe("nothing is loaded", () => {
  it("where it is off", async () => {
    const page = await openPage();
    requested.length = 0;
    expect(await fingerprintOf(page, false)).toBeUndefined();
    expect(requested).toEqual(["entry.js"]);
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
    expect(requested).toEqual(["entry.js"]);
    await page.context().close();
  });
});
