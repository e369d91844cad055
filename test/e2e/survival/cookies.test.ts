// A session whose token no script ever sees, on the API's own origin.
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { SessionList } from "../../../src/protocol/rest.ts";
import { launchBrowser } from "../../support/browser.ts";
import type { LocalServer } from "../../support/server.ts";
import { startServer } from "../../support/server.ts";
import { PATIENCE } from "../chat.ts";
import { serveClient, Tab } from "./tab.ts";

const COOKIE = `tokenTransport: "cookie",`;

/** Tabs that do not hear of each other for a second: each creates a session, and all share one cookie. */
const RIVALS = `${COOKIE} environment: { exclusively: (name, work) => work() },
  storage: ((own, until) => ({
    get length() { return localStorage.length; },
    key: (index) => localStorage.key(index),
    getItem: (key) => Date.now() < until && key.endsWith("/session")
      ? own[key] ?? null
      : localStorage.getItem(key),
    setItem(key, value) { own[key] = value; localStorage.setItem(key, value); },
    removeItem: (key) => localStorage.removeItem(key),
  }))({}, Date.now() + 1_000),`;

/** No locks, as in an older browser. */
const WITHOUT_LOCKS = `${COOKIE} environment: { exclusively: (name, work) => work() },`;

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

async function activeSessions(): Promise<ReadonlySet<string>> {
  const response = await fetch(`${server.origin}/api/teams/demo/sessions?status=active&limit=100`, {
    headers: { authorization: `Bearer ${server.teamKey}` },
  });
  const { sessions } = (await response.json()) as SessionList;
  return new Set(sessions.map(({ id }) => id));
}

const open = (options = COOKIE) => Tab.open(context, server, { options });

it("is opened, reloaded, shared by tabs, prolonged and ended", async () => {
  const tab = await open();
  await tab.isLive();
  const id = await tab.sessionId();
  const [cookie] = await context.cookies(server.origin);
  expect(cookie).toMatchObject({ name: "__Host-ds.demo", httpOnly: true, secure: true });
  const seen = await tab.page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, document.cookie]),
  );
  expect(seen).toContain(id);
  expect(seen).not.toContain(`${id}.`);

  await tab.run(`(client) => client.send("one").delivered`);
  await tab.page.reload();
  await tab.page.waitForFunction("globalThis.client !== undefined");
  await tab.isLive();
  expect([await tab.sessionId(), await tab.contents()]).toEqual([id, ["one"]]);

  const other = await open();
  await other.isLive();
  await other.run(`(client) => client.send("two").delivered`);
  await expect.poll(() => tab.contents(), PATIENCE).toEqual(["one", "two"]);

  await tab.run("(client) => client.refreshSession()");
  await tab.run("(client) => client.terminateSession()");
  for (const one of [tab, other]) {
    await expect.poll(() => one.state(({ status }) => status), PATIENCE).toBe("terminated");
  }
  await other.run("(client) => client.createSession()");
  await Promise.all([tab.isLive(), other.isLive()]);
  await expect
    .poll(async () => (await tab.sessionId()) === (await other.sessionId()), PATIENCE)
    .toBe(true);
  expect(await tab.sessionId()).not.toBe(id);
});

it.each([
  ["ten tabs at the same moment", 10, WITHOUT_LOCKS],
  ["tabs whose creations share one cookie", 4, RIVALS],
])("is one for %s, and the only one", async (_, count, options) => {
  const before = await activeSessions();
  const tabs = await Promise.all(Array.from({ length: count }, () => open(options)));
  const ids = async () => new Set(await Promise.all(tabs.map((tab) => tab.sessionId())));
  await Promise.all(tabs.map((tab) => tab.isLive()));
  await expect.poll(async () => (await ids()).size, PATIENCE).toBe(1);
  await expect
    .poll(async () => [...(await activeSessions())].filter((id) => !before.has(id)), PATIENCE)
    .toEqual([...(await ids())]);
  await Promise.all(tabs.map((tab) => tab.isLive()));
  // The cookie is this session's, whichever creation was answered last.
  await tabs[0]?.page.reload();
  await tabs[0]?.page.waitForFunction("globalThis.client !== undefined");
  await tabs[0]?.isLive();
  await tabs[0]?.run(`(client) => client.send("hello").delivered`);
  for (const tab of tabs) {
    await expect.poll(() => tab.contents(), PATIENCE).toEqual(["hello"]);
  }
});

it("leaves a guest's link to its tab, and goes on beside it", async () => {
  const host = await open();
  await host.isLive();
  await host.run(`(client) => client.send("welcome").delivered`);
  const url = await host.page.evaluate(
    `client.share({ role: "writer", pageUrl: location.href }).then((invite) => invite.url)`,
  );
  const guests = await browser.newContext();
  try {
    await serveClient(guests, server);
    const own = await Tab.open(guests, server, { options: COOKIE });
    await own.isLive();
    const jar = await guests.cookies();
    const guest = await Tab.open(guests, server, {
      options: COOKIE,
      path: `tab${new URL(String(url)).hash}`,
    });
    await guest.isLive();
    expect(await guest.contents()).toEqual(["welcome"]);
    await guest.run(`(client) => client.send("thanks").delivered`);
    await expect.poll(() => host.contents(), PATIENCE).toEqual(["welcome", "thanks"]);
    expect(await guest.state(({ role, isInvited }) => [role, isInvited])).toEqual(["writer", true]);
    expect(await guests.cookies()).toEqual(jar);
    await own.page.reload();
    await own.page.waitForFunction("globalThis.client !== undefined");
    await own.isLive();
    expect(await own.contents()).toEqual([]);
  } finally {
    await guests.close();
  }
});
