// A Chromium with pages of the Worker's own origin, on which test/bench/client-page.ts runs.
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { build } from "vite";
import { launchBrowser } from "../support/browser.ts";

export interface BenchBrowser {
  /** As a visitor who was never here. */
  visitor(): Promise<BrowserContext>;
  tab(visitor: BrowserContext): Promise<Page>;
  close(): Promise<void>;
}

export async function startBenchBrowser(origin: URL): Promise<BenchBrowser> {
  const [browser, script]: [Browser, string] = await Promise.all([launchBrowser(), bundled()]);
  // Any page of that origin will do; one that was made up on the way would not count as the machine's own.
  const address = new URL("/api/health", origin).href;
  return {
    visitor: () => browser.newContext(),
    async tab(visitor) {
      const page = await visitor.newPage();
      await page.goto(address);
      await page.evaluate(script);
      return page;
    },
    close: () => browser.close(),
  };
}

async function bundled(): Promise<string> {
  const outputs = await build({
    root: import.meta.dirname,
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      lib: {
        entry: join(import.meta.dirname, "client-page.ts"),
        formats: ["iife"],
        // By this name contests call it, in the page.
        name: "bench",
      },
      rolldownOptions: { output: { minify: true } },
    },
  });
  const [chunk] = Array.isArray(outputs) ? outputs.flatMap(({ output }) => output) : [];
  if (chunk?.type !== "chunk") throw new Error("Vite gave no script.");
  return `${chunk.code};globalThis.bench = bench`;
}
