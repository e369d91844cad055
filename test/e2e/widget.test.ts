import type { BrowserContext } from "playwright-core";
import { describe, expect } from "vitest";
import type { LocalTeam } from "../support/local-team.ts";
import { PATIENCE, writeAsTeam } from "./chat.ts";
import type { HostPageOptions, HostSite } from "./host-site.ts";
import { LISTENING, it as siteIt, Widget } from "./host-site.ts";

/** Goes to a page of the site that has the widget on it. */
const it = siteIt.extend(
  "visit",
  ({ site, team, context }) =>
    (options: HostPageOptions = {}) =>
      visitPage(site, team, context, options),
);

function visitPage(
  site: HostSite,
  team: LocalTeam,
  context: BrowserContext,
  options: HostPageOptions = {},
): Promise<Widget> {
  site.page("/", team, { head: LISTENING, ...options });
  return Widget.visit(context, `${site.origin}/`);
}

describe("the widget on another origin", () => {
  it("loads nothing but its script before it is opened", async ({ context, visit }) => {
    const requested: string[] = [];
    context.on("request", (request) => requested.push(new URL(request.url()).pathname));
    const widget = await visit();
    await widget.page.waitForLoadState("networkidle");
    expect(requested).toEqual(["/", "/widget.js"]);
    expect(widget.page.frames()).toHaveLength(1);
  });

  it("is a chat, and tells the page what happens in it but not what is said", async ({
    team,
    visit,
  }) => {
    const widget = await visit();
    await widget.open();
    await widget.write("a question");
    await widget.hears("message", [{ role: "user", seq: 1 }]);
    const sessionId = await widget.sessionId();
    await writeAsTeam(team, sessionId, { role: "assistant", content: "an answer" });
    await widget.chat.getByText("an answer").first().waitFor();
    await widget.hears("message", [
      { role: "user", seq: 1 },
      { role: "assistant", seq: 2 },
    ]);
    await widget.hears("ready", [undefined]);
    await widget.hears("open", [undefined]);
    expect(await widget.heard("session")).toContainEqual({ sessionId, status: "active" });
    expect(JSON.stringify(await widget.allHeard())).not.toMatch(/question|answer/);
    expect(widget.complaints).toEqual([]);
  });

  it("counts what comes while it is closed, until it is seen", async ({ team, visit }) => {
    const widget = await visit({ attributes: 'data-label="Ask us"' });
    await widget.open();
    await widget.launcher.click();
    await widget.hears("close", [undefined]);
    const sessionId = await widget.sessionId();
    await writeAsTeam(team, sessionId, { role: "operator", content: "one" });
    await writeAsTeam(team, sessionId, { role: "operator", content: "two" });
    await expect.poll(async () => (await widget.heard("unread")).at(-1), PATIENCE).toBe(2);
    await widget.page.getByRole("button", { name: "Ask us, 2 unread" }).waitFor();
    // A hidden frame reads nothing, however long it waits.
    await widget.page.waitForTimeout(1_500);
    expect((await widget.heard("unread")).at(-1)).toBe(2);
    await widget.open();
    await expect.poll(async () => (await widget.heard("unread")).at(-1), PATIENCE).toBe(0);
    await widget.page.waitForTimeout(1_500);
    await widget.launcher.click();
    await widget.page.getByRole("button", { name: "Ask us", exact: true }).waitFor();
  });

  it("does what the page asks, before and after it has loaded", async ({ visit }) => {
    const early = `${LISTENING}<script>DurableSessions.push(["open"]);</script>`;
    const widget = await visit({ head: early });
    await widget.connected();
    await widget.page.evaluate(() => {
      window.DurableSessions?.push(["toggle"]);
      window.DurableSessions?.push(["open"], ["close"]);
    });
    await widget.hears("open", [undefined, undefined]);
    await widget.hears("close", [undefined, undefined]);
    const again = await visit({ attributes: "data-preload" });
    await again.hears("ready", [undefined]);
    expect(await again.launcher.getAttribute("aria-expanded")).toBe("false");
  });

  it("takes the focus with it, and gives it back", async ({ visit }) => {
    const widget = await visit({
      body: `<script>help.onclick = () => DurableSessions.push(["open"]);</script>`,
    });
    const field = widget.chat.getByRole("textbox", { name: "Message" });
    const hasFocus = () => field.evaluate((element) => element === document.activeElement);
    await widget.page.locator("#help").press("Enter");
    await widget.connected();
    expect(await widget.launcher.getAttribute("aria-expanded")).toBe("true");
    await field.press("Escape");
    await widget.hears("close", [undefined]);
    expect(await widget.page.evaluate(() => document.activeElement?.id)).toBe("help");

    await widget.launcher.press("Enter");
    await expect.poll(hasFocus, PATIENCE).toBe(true);
    // A dialog is nearer: the key closes it and no more.
    await widget.chat.getByRole("button", { name: "Settings" }).press("Enter");
    await widget.chat.getByRole("button", { name: "Close", exact: true }).press("Escape");
    await expect
      .poll(() => widget.chat.getByRole("dialog", { name: "Settings" }).count(), PATIENCE)
      .toBe(0);
    expect(await widget.launcher.getAttribute("aria-expanded")).toBe("true");
    await widget.chat.getByRole("button", { name: "Close the chat" }).press("Enter");
    await widget.hears("close", [undefined, undefined]);
    expect(await widget.launcher.evaluate((button) => button.matches(":focus"))).toBe(true);
  });

  it("stands up to the page's style and to a strict policy", async ({
    site,
    team,
    context,
    visit,
  }) => {
    const { origin } = team;
    site.page("/strict", team, {
      policy: `default-src 'none'; script-src ${origin}; frame-src ${origin}; img-src data:; style-src 'none'; require-trusted-types-for 'script'`,
    });
    const strict = await Widget.visit(context, `${site.origin}/strict`);
    await strict.open();
    expect(strict.complaints).toEqual([]);

    const style =
      "<style>body > *, button, iframe { display: none !important; font-size: 90px; }</style>";
    const widget = await visit({ head: `${LISTENING}${style}` });
    expect(await widget.launcher.evaluate((button) => button.clientHeight)).toBe(56);
    await widget.open();
  });

  it("covers a phone, and can be closed there", async ({ site, team, newContext }) => {
    const phone = await newContext({
      viewport: { width: 390, height: 780 },
      hasTouch: true,
      isMobile: true,
    });
    const widget = await visitPage(site, team, phone);
    await widget.open();
    // It slides in.
    const box = () => widget.page.locator("durable-sessions iframe").boundingBox();
    await expect.poll(box, PATIENCE).toEqual({ x: 0, y: 0, width: 390, height: 780 });
    expect(await widget.launcher.isVisible()).toBe(false);
    await widget.chat.getByRole("button", { name: "Close the chat" }).click();
    await widget.launcher.waitFor();
  });
});

describe("between the page and the frame", () => {
  const IDENTITY_REQUEST = { durableSessions: 1, type: "identity", id: 77 };

  it("goes who the person is, when the frame asks, and never in an address", async ({
    site,
    context,
    visit,
  }) => {
    const addresses: string[] = [];
    context.on("request", (request) => addresses.push(request.url()));
    const identify = `<script>
      let asked = 0;
      DurableSessions.push(["identify", async () => \`token-\${++asked}\`]);
    </script>`;
    const widget = await visit({ head: LISTENING + identify, attributes: "data-preload" });
    await widget.hears("ready", [undefined]);
    const token = await widget.frame?.evaluate(
      ({ request, origin }) =>
        new Promise((resolve) => {
          addEventListener("message", ({ data, origin: sender }) => {
            if (data.id === request.id && sender === origin) {
              resolve(data.token);
            }
          });
          parent.postMessage(request, origin);
        }),
      { request: IDENTITY_REQUEST, origin: site.origin },
    );
    expect(token).toMatch(/^token-\d+$/);
    expect(addresses.filter((address) => address.includes("token-"))).toEqual([]);
  });

  it("goes nothing that others say", async ({ site, team, visit }) => {
    site.page("/other", team);
    const count = `<script>
      var asked = 0;
      DurableSessions.push(["identify", () => void asked++]);
    </script>`;
    const body = '<iframe title="Other" src="/other"></iframe>';
    const widget = await visit({ head: LISTENING + count, body });
    await widget.open();
    const told = [
      { durableSessions: 1, type: "close" },
      { durableSessions: 1, type: "event", event: { name: "unread", detail: 9 } },
      { durableSessions: 1, type: "event", event: { name: "error", detail: { code: "x" } } },
      IDENTITY_REQUEST,
    ];
    const asked = () => widget.page.evaluate("asked");
    const before = await asked();
    await widget.page.evaluate((messages) => {
      for (const message of messages) {
        window.postMessage(message, "*");
      }
    }, told);
    // From a window that is none of the two, to both.
    const other = widget.page.frames().find((frame) => frame.url().endsWith("/other"));
    await other?.evaluate((messages) => {
      for (const message of messages) {
        parent.postMessage(message, "*");
      }
      // Of the page's own origin, and so with a way to the frame.
      const root = parent.document.querySelector("durable-sessions")?.shadowRoot;
      const chat = root?.querySelector("iframe")?.contentWindow;
      chat?.postMessage({ durableSessions: 1, type: "shown", shown: false }, "*");
    }, told);
    // From the right window, in no shape that is known.
    await widget.frame?.evaluate((origin) => {
      parent.postMessage({ type: "close" }, origin);
      parent.postMessage({ durableSessions: 1, type: "event", event: { name: "unread" } }, origin);
      parent.postMessage("close", origin);
    }, site.origin);
    await widget.write("still here");
    await widget.hears("message", [{ role: "user", seq: 1 }]);
    expect(await widget.launcher.getAttribute("aria-expanded")).toBe("true");
    expect(await widget.heard("close")).toEqual([]);
    expect(await widget.heard("error")).toEqual([]);
    expect((await widget.heard("unread")).filter((count) => count !== 0)).toEqual([]);
    expect(await asked()).toBe(before);
    // Of a frame that is out of sight, the page would be told so.
    await writeAsTeam(team, await widget.sessionId(), { role: "operator", content: "seen" });
    await widget.hears("message", [
      { role: "user", seq: 1 },
      { role: "operator", seq: 2 },
    ]);
    expect((await widget.heard("unread")).filter((count) => count !== 0)).toEqual([]);
  });

  it("is no frame at all on an origin that the team does not allow", async ({
    site,
    team,
    context,
  }) => {
    site.page("/", team, { head: LISTENING });
    const page = await context.newPage();
    await page.clock.install();
    const refusals: string[] = [];
    page.on("console", (message) => refusals.push(message.text()));
    await page.goto(`${site.strangerOrigin}/`);
    await page.locator("durable-sessions .launcher").click();
    await expect.poll(() => refusals.join(), PATIENCE).toContain("frame-ancestors");
    await page.clock.fastForward(20_000);
    const heard = () =>
      page.evaluate(() => JSON.stringify((window as unknown as { heard: unknown }).heard));
    await expect.poll(heard, PATIENCE).toContain('["error",{"code":"unavailable"}]');
  });
});
