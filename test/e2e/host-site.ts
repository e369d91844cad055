// Somebody else's site, with the widget on it, and the widget as its visitors use it.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { BrowserContext, Frame, FrameLocator, Locator, Page } from "playwright-core";
import { expect } from "vitest";
// What `window.DurableSessions` is.
import "../../client/widget/api.ts";
import type { SessionDetail } from "../../client/widget/messages.ts";
import { it as productIt } from "../support/e2e.ts";
import type { LocalTeam } from "../support/local-team.ts";
import { PATIENCE } from "./chat.ts";

export interface HostPageOptions {
  /** Of the script element, beside `src`. */
  readonly attributes?: string;
  readonly head?: string;
  readonly body?: string;
  readonly policy?: string;
}

export interface HostSite {
  /** Another site than `localhost`. */
  readonly origin: string;
  /** The same server under a name that no team allows. */
  readonly strangerOrigin: string;
  /** Puts up a page, with the widget of the team on it. */
  page(path: string, team: LocalTeam, options?: HostPageOptions): void;
  close(): Promise<void>;
}

async function startHostSite(): Promise<HostSite> {
  const pages = new Map<string, { readonly html: string; readonly policy: string | undefined }>();
  const server = createServer(({ url = "/" }, response) => {
    const page = pages.get(url);
    response.statusCode = page ? 200 : 404;
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    if (page?.policy !== undefined) {
      response.setHeader("Content-Security-Policy", page.policy);
    }
    response.end(page?.html);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    strangerOrigin: `http://stranger.localhost:${port}`,
    page(path, { origin, teamId }, { attributes = "", head = "", body = "", policy } = {}) {
      const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <link rel="icon" href="data:," />
    <title>A shop</title>
    ${head}
    <script async src="${origin}/widget.js" data-team="${teamId}" ${attributes}></script>
  </head>
  <body>
    <main><h1>A shop</h1><button id="help">Help</button>${body}</main>
  </body>
</html>`;
      pages.set(path, { html, policy });
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** With a site, which is the test's own. */
export const it = productIt.extend("site", async ({ task: _ }, { onCleanup }) => {
  const site = await startHostSite();
  onCleanup(() => site.close());
  return site;
});

/** Notes every event of the widget that the page is told. */
export const LISTENING = `<script>
  window.heard = [];
  window.DurableSessions = [];
  for (const name of ["ready", "open", "close", "unread", "message", "session", "error"]) {
    DurableSessions.push(["on", name, (detail) => heard.push([name, detail])]);
  }
</script>`;

export class Widget {
  readonly page: Page;
  readonly chat: FrameLocator;
  readonly complaints: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    this.chat = page.frameLocator("durable-sessions iframe");
    page.setDefaultTimeout(PATIENCE.timeout);
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") {
        this.complaints.push(message.text());
      }
    });
  }

  static async visit(context: BrowserContext, url: string): Promise<Widget> {
    const widget = new Widget(await context.newPage());
    await widget.page.goto(url);
    await widget.launcher.waitFor();
    return widget;
  }

  get launcher(): Locator {
    return this.page.locator("durable-sessions .launcher");
  }

  get frame(): Frame | undefined {
    return this.page.frames().find((frame) => frame.url().includes("/widget?"));
  }

  async open(): Promise<void> {
    await this.launcher.click();
    await this.connected();
  }

  async connected(): Promise<void> {
    await expect
      .poll(() => this.chat.getByTestId("connection").innerText(), PATIENCE)
      .toBe("Connected");
  }

  async write(text: string): Promise<void> {
    await this.chat.getByRole("textbox", { name: "Message" }).fill(text);
    await this.chat.getByRole("textbox", { name: "Message" }).press("Enter");
  }

  /** What a page with LISTENING was told. */
  allHeard(): Promise<[string, unknown][]> {
    return this.page.evaluate("heard");
  }

  /** Of one kind of event. */
  async heard(name: string): Promise<unknown[]> {
    return (await this.allHeard()).filter(([known]) => known === name).map(([, detail]) => detail);
  }

  async hears(name: string, details: readonly unknown[]): Promise<void> {
    await expect.poll(() => this.heard(name), PATIENCE).toEqual(details);
  }

  /** Of the session that a page with LISTENING was told of last. */
  async sessionId(): Promise<string> {
    const ids = async () =>
      (await this.allHeard()).flatMap(([name, detail]) =>
        name === "session" && (detail as SessionDetail).status === "active"
          ? [(detail as SessionDetail).sessionId]
          : [],
      );
    await expect.poll(ids, PATIENCE).not.toEqual([]);
    return (await ids()).at(-1) ?? "";
  }

  /** The texts in the log, top to bottom. */
  texts(): Promise<string[]> {
    return this.chat.getByRole("log").locator(".message-text").allInnerTexts();
  }
}
