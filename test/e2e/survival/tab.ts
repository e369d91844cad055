// A browser's tab with nothing in it but the client, which the tests drive by hand.
import type { BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import type { SessionClient, SessionClientState } from "../../../client/core/index.ts";
import { bundle, codeByName } from "../../client/bundle.ts";
import { it as productIt } from "../../support/e2e.ts";
import type { LocalTeam } from "../../support/local-team.ts";
import { PATIENCE } from "../chat.ts";

declare global {
  var client: SessionClient;
}

const FOLDER = "/survival";
let bundled: Promise<ReadonlyMap<string, string>> | undefined;

/** Has every tab of the browser profile find the client below the server's own origin, with or without a network. */
export async function serveClient(context: BrowserContext, { origin }: LocalTeam): Promise<void> {
  bundled ??= bundle("client/core/index.ts").then(codeByName);
  const files = await bundled;
  // A page that comes from no address of its own is asked whether it may speak to one on this machine.
  await context.grantPermissions(["local-network-access"], { origin });
  await context.route(`${origin}${FOLDER}/**`, async (route) => {
    const name = new URL(route.request().url()).pathname.slice(FOLDER.length + 1);
    const code = files.get(name);
    await route.fulfill(
      code === undefined
        ? { contentType: "text/html", body: "<!doctype html><title>client</title>" }
        : { contentType: "text/javascript", body: code },
    );
  });
}

interface TabOptions {
  /** Of the client as source text, beside `baseUrl` and `teamId`. */
  readonly options?: string;
  readonly path?: string;
}

export const it = productIt.extend("openTab", async ({ context, team }) => {
  await serveClient(context, team);
  return (options?: TabOptions) => Tab.open(context, team, options);
});

export class Tab {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(PATIENCE.timeout);
  }

  static async open(
    context: BrowserContext,
    { origin, teamId }: LocalTeam,
    { options = "", path = "tab" }: TabOptions = {},
  ): Promise<Tab> {
    const tab = new Tab(await context.newPage());
    await tab.page.addInitScript(`
      import("${FOLDER}/entry.js").then(({ createSessionClient }) => {
        globalThis.client = createSessionClient({ baseUrl: "${origin}", teamId: "${teamId}", ${options} });
        client.start();
      });`);
    await tab.page.goto(`${origin}${FOLDER}/${path}`);
    await tab.page.waitForFunction("globalThis.client !== undefined");
    return tab;
  }

  state<T>(pick: (state: SessionClientState) => T): Promise<T> {
    return this.page.evaluate(`(${pick})(client.getState())`) as Promise<T>;
  }

  /** @param action source text of a function of the client: the test runner would make its own of a real one */
  async run(action: string): Promise<void> {
    await this.page.evaluate(`(${action})(client)`);
  }

  async isLive(timeout = PATIENCE.timeout): Promise<void> {
    await expect
      .poll(() => this.state(({ status, synced }) => `${status} ${synced}`), {
        ...PATIENCE,
        timeout,
      })
      .toBe("active true");
  }

  contents(): Promise<string[]> {
    return this.state(({ messages }) => messages.map(({ content }) => content));
  }

  sessionId(): Promise<string | undefined> {
    return this.state(({ sessionId }) => sessionId);
  }
}
