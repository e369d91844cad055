// What a browser does to a file that is on its way: reloads without a network, tabs that die, tabs that change their mind.
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchBrowser } from "../../support/browser.ts";
import type { LocalServer } from "../../support/server.ts";
import { startServer } from "../../support/server.ts";
import { PATIENCE } from "../chat.ts";
import { serveClient, Tab } from "./tab.ts";

let server: LocalServer;
let browser: Browser;
let context: BrowserContext;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});

beforeEach(async () => {
  context = await browser.newContext();
  await serveClient(context, server);
});

afterEach(async () => {
  await context.close();
});

afterAll(async () => {
  await Promise.all([browser?.close(), server?.close()]);
});

/** Sends a file, as a page does. */
const SEND_FILE = `(client) => void client.send("with a file", {
  attachments: [new File(["its bytes"], "a.txt", { type: "text/plain" })],
})`;

/** Names of what is shown, and what becomes of each message. */
const shown = (tab: Tab) =>
  tab.state(({ messages }) =>
    messages.map(({ content, delivery, attachments }) => ({
      content,
      delivery,
      files: attachments.map(({ name }) => name),
    })),
  );

const delivered = (tab: Tab) =>
  expect
    .poll(() => shown(tab), PATIENCE)
    .toEqual([{ content: "with a file", delivery: "sent", files: ["a.txt"] }]);

/** The bytes that the first message's file has, from the server. */
function bytesOf(tab: Tab): Promise<string> {
  return tab.page.evaluate(`(async () => {
    const [{ attachments }] = client.getState().messages;
    return await (await client.downloadFile(attachments[0].fileId)).text();
  })()`);
}

/** How many files' bytes the browser keeps. */
function keptFiles(tab: Tab): Promise<number> {
  return tab.page.evaluate(`new Promise((resolve) => {
    const opening = indexedDB.open("durable-sessions/demo/");
    opening.onsuccess = () => {
      const stores = opening.result.objectStoreNames;
      if (stores.length === 0) return resolve(0);
      const counting = opening.result.transaction(stores[0]).objectStore(stores[0]).count();
      counting.onsuccess = () => { opening.result.close(); resolve(counting.result); };
    };
  })`);
}

/** Without a network, as the browser has it: what is asked for does not come, and sockets close. */
async function offline(tab: Tab): Promise<void> {
  await context.setOffline(true);
  await expect
    .poll(() => tab.state(({ connection }) => connection.state), PATIENCE)
    .not.toBe("online");
}

describe.each(["bearer", "cookie"])("with its token as a %s, a file", (transport) => {
  const options = { options: `tokenTransport: "${transport}"` };

  it("attached without a network is sent once, after a reload", async () => {
    const tab = await Tab.open(context, server, options);
    await tab.isLive();
    await tab.run("(client) => client.prepareFiles()");
    await offline(tab);
    await tab.run(SEND_FILE);
    await expect.poll(() => keptFiles(tab), PATIENCE).toBe(1);
    await tab.page.reload();
    await tab.page.waitForFunction("globalThis.client !== undefined");
    await expect
      .poll(() => shown(tab), PATIENCE)
      .toEqual([{ content: "with a file", delivery: "queued", files: ["a.txt"] }]);
    await context.setOffline(false);
    await delivered(tab);
    const reader = await Tab.open(context, server, options);
    await delivered(reader);
    expect(await bytesOf(reader)).toBe("its bytes");
    await expect.poll(() => keptFiles(tab), PATIENCE).toBe(0);
  });
});

describe("a tab", () => {
  it("uploads what a dead one left", async () => {
    const dying = await Tab.open(context, server);
    await dying.isLive();
    await dying.run("(client) => client.prepareFiles()");
    const living = await Tab.open(context, server);
    await living.isLive();
    await offline(dying);
    await dying.run(SEND_FILE);
    await expect.poll(() => keptFiles(dying), PATIENCE).toBe(1);
    await dying.page.close();
    await context.setOffline(false);
    await delivered(living);
    expect(await bytesOf(living)).toBe("its bytes");
  });

  it("does not upload what another one took back", async () => {
    const [writer, other] = [await Tab.open(context, server), await Tab.open(context, server)];
    await Promise.all([writer.isLive(), other.isLive()]);
    await writer.run("(client) => client.prepareFiles()");
    await offline(writer);
    await writer.run(SEND_FILE);
    // By now the other tab would have it on its list.
    await expect.poll(async () => (await shown(other)).length, PATIENCE).toBe(1);
    await writer.run("(client) => client.cancel(client.getState().messages[0].key)");
    await context.setOffline(false);
    await Promise.all([writer.isLive(), other.isLive()]);
    await writer.run(`(client) => client.send("instead").delivered`);
    for (const tab of [writer, other]) {
      await expect.poll(() => tab.contents(), PATIENCE).toEqual(["instead"]);
    }
    expect(await keptFiles(writer)).toBe(0);
  });
});
