/**
 * `it` for tests of the whole product. What a test names among its arguments is there for it: a team of its own on the
 * server that all tests share, browser profiles, and, for a test that kills it, a server of its own.
 */
import type { BrowserContext, BrowserContextOptions } from "playwright-core";
import { inject, it as plainIt } from "vitest";
import { launchBrowser } from "./browser.ts";
import { createTeam } from "./local-team.ts";
import { startServer } from "./server.ts";

export const it = plainIt
  // biome-ignore-start lint/correctness/noEmptyPattern: Vitest reads off the pattern what a fixture depends on
  .extend("browser", { scope: "worker" }, async ({}, { onCleanup }) => {
    const browser = await launchBrowser();
    onCleanup(() => browser.close());
    return browser;
  })
  /** To be killed. */
  .extend("ownServer", async ({}, { onCleanup }) => {
    const server = await startServer();
    onCleanup(() => server.close());
    return server;
  })
  // biome-ignore-end lint/correctness/noEmptyPattern: -
  .extend("team", () => createTeam(inject("origin")))
  /** Opens a browser profile in which nobody has been anywhere: another visitor, or another device. */
  .extend("newContext", ({ browser }, { onCleanup }) => {
    const opened: BrowserContext[] = [];
    onCleanup(async () => {
      await Promise.all(opened.map((context) => context.close()));
    });
    return async (options: BrowserContextOptions = {}): Promise<BrowserContext> => {
      const context = await browser.newContext(options);
      opened.push(context);
      return context;
    };
  })
  /** The first such profile, for the many tests that need no more. */
  .extend("context", ({ newContext }) => newContext());
