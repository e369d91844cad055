// An app without a page, as React Native is, goes on with a session that a browser began: by hand-off, and by who the person is.
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type {
  AsyncKeyValueStorage,
  SessionClient,
  SessionClientOptions,
} from "../../client/core/index.ts";
import { createSessionClient, fromAsyncStorage } from "../../client/core/index.ts";
import { signIdentityToken } from "../../client/server/index.ts";
import { launchBrowser } from "../support/browser.ts";
import type { LocalServer } from "../support/server.ts";
import { startServer } from "../support/server.ts";
import { createIdentityKey } from "./as-admin.ts";
import { Chat, PATIENCE } from "./chat.ts";
import { SharingDialog } from "./sharing-dialog.ts";

let server: LocalServer;
let browser: Browser;
let context: BrowserContext;
const clients: SessionClient[] = [];

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});

afterAll(async () => {
  await Promise.all([browser?.close(), server?.close()]);
});

beforeEach(async () => {
  context = await browser.newContext();
});

afterEach(async () => {
  for (const client of clients.splice(0)) {
    client.stop();
  }
  await context.close();
});

/** What an app keeps over its restarts. */
class AppStorage implements AsyncKeyValueStorage {
  readonly #items = new Map<string, string>();
  getAllKeys = async () => [...this.#items.keys()];
  getItem = async (key: string) => this.#items.get(key) ?? null;
  setItem = async (key: string, value: string) => void this.#items.set(key, value);
  removeItem = async (key: string) => void this.#items.delete(key);
}

/** One start of an app: nothing of a page is there, and what there is it hands over. */
async function startApp(
  storage: AppStorage,
  options: Partial<SessionClientOptions> = {},
): Promise<SessionClient> {
  expect(["window", "document", "location"].filter((name) => name in globalThis)).toEqual([]);
  const client = createSessionClient({
    baseUrl: server.origin,
    teamId: "demo",
    storage: await fromAsyncStorage(storage),
    fetch,
    WebSocket,
    now: Date.now,
    ...options,
  });
  clients.push(client);
  client.start();
  return client;
}

const contents = (client: SessionClient) =>
  client.getState().messages.map(({ content }) => content);

async function shows(client: SessionClient, texts: readonly string[]): Promise<void> {
  await expect.poll(() => contents(client), PATIENCE).toEqual(texts);
}

async function takeOver(chat: Chat, storage: AppStorage): Promise<SessionClient> {
  const dialog = await SharingDialog.open(chat);
  const app = await startApp(storage, { inviteUrl: await dialog.handOff() });
  await expect.poll(() => app.getState().offer, PATIENCE).toEqual({ replacesOwn: false });
  await app.acceptHandOff();
  await dialog.close();
  return app;
}

it("goes on with a browser's session by hand-off, and after a restart", async () => {
  const chat = await Chat.open(context, server);
  await chat.write("from the browser");
  await chat.hasDelivered(1);
  const storage = new AppStorage();
  const app = await takeOver(chat, storage);
  await shows(app, ["from the browser"]);
  await app.send("from the app").delivered;
  await chat.shows(["from the browser", "from the app"]);
  app.stop();

  await chat.write("while the app was away");
  await chat.hasDelivered(3);
  const again = await startApp(storage);
  await shows(again, ["from the browser", "from the app", "while the app was away"]);
  expect(again.getState()).toMatchObject({ role: "owner", isInvited: false });
});

it("goes on with it by who the person is", async () => {
  const chat = await Chat.open(context, server);
  await chat.write("before anybody knew me");
  await chat.hasDelivered(1);
  const known = await takeOver(chat, new AppStorage());
  const getIdentityToken = await identityTokens("anna");
  await known.identify(await getIdentityToken());
  await known.send("now they know me").delivered;

  const elsewhere = await startApp(new AppStorage(), { getIdentityToken });
  await shows(elsewhere, ["before anybody knew me", "now they know me"]);
  expect(elsewhere.getState().sessionId).toBe(known.getState().sessionId);
  await elsewhere.send("from my other device").delivered;
  await shows(known, ["before anybody knew me", "now they know me", "from my other device"]);
});

it("is still theirs when the answer of an identification gets lost, with the new key in it", async () => {
  const identityToken = await identityTokens("berta");
  let losing = 0;
  const lossy: typeof fetch = async (url, init) => {
    const response = await fetch(url, init);
    if (losing > 0 && String(url).endsWith("/identify")) {
      losing -= 1;
      throw new TypeError("fetch failed");
    }
    return response;
  };
  let isKnown = false;
  const getIdentityToken = () => (isKnown ? identityToken() : undefined);
  const app = await startApp(new AppStorage(), { getIdentityToken, fetch: lossy });
  await app.send("before anybody knew me").delivered;
  const { sessionId } = app.getState();

  isKnown = true;
  losing = 1;
  await expect(app.identify()).rejects.toMatchObject({ code: "network_error" });
  await expect.poll(() => app.getState(), PATIENCE).toMatchObject({ status: "active", sessionId });
  await app.send("now they know me").delivered;
  const again = await startApp(new AppStorage(), { getIdentityToken, fetch: lossy });
  await shows(again, ["before anybody knew me", "now they know me"]);
});

it("is theirs from the first moment, when the answer to that gets lost, too", async () => {
  const getIdentityToken = await identityTokens("clara");
  let isLost = false;
  const lossy: typeof fetch = async (url, init) => {
    const response = await fetch(url, init);
    if (!isLost && String(url).endsWith("/identify")) {
      isLost = true;
      throw new TypeError("fetch failed");
    }
    return response;
  };
  const app = await startApp(new AppStorage(), { getIdentityToken, fetch: lossy });
  await app.send("it is me").delivered;
  expect(isLost).toBe(true);
  const again = await startApp(new AppStorage(), { getIdentityToken });
  await shows(again, ["it is me"]);
});

/** As the team's backend gives them out. */
async function identityTokens(userId: string): Promise<() => Promise<string>> {
  const { kid, secret } = await createIdentityKey(server);
  return () => signIdentityToken({ teamId: "demo", userId, kid, secret });
}
