// An app without a page, as React Native is, goes on with a session that a browser began: by hand-off, and by who the person is.
import { expect } from "vitest";
import type {
  AsyncKeyValueStorage,
  SessionClient,
  SessionClientOptions,
} from "../../client/core/index.ts";
import { createSessionClient, fromAsyncStorage } from "../../client/core/index.ts";
import { signIdentityToken } from "../../client/server/index.ts";
import { it as productIt } from "../support/e2e.ts";
import type { LocalTeam } from "../support/local-team.ts";
import { createIdentityKey } from "../support/local-team.ts";
import { Chat, PATIENCE } from "./chat.ts";
import { SharingDialog } from "./sharing-dialog.ts";

/** What an app keeps over its restarts. */
class AppStorage implements AsyncKeyValueStorage {
  readonly #items = new Map<string, string>();
  getAllKeys = async () => [...this.#items.keys()];
  getItem = async (key: string) => this.#items.get(key) ?? null;
  setItem = async (key: string, value: string) => void this.#items.set(key, value);
  removeItem = async (key: string) => void this.#items.delete(key);
}

const it = productIt.extend("startApp", ({ team }, { onCleanup }): StartApp => {
  const clients: SessionClient[] = [];
  onCleanup(() => {
    for (const client of clients) {
      client.stop();
    }
  });
  return async (storage, options) => {
    const client = await startClient(team, storage, options);
    clients.push(client);
    return client;
  };
});

type StartApp = (
  storage: AppStorage,
  options?: Partial<SessionClientOptions>,
) => Promise<SessionClient>;

/** One start of an app: nothing of a page is there, and what there is it hands over. */
async function startClient(
  { origin, teamId }: LocalTeam,
  storage: AppStorage,
  options: Partial<SessionClientOptions> = {},
): Promise<SessionClient> {
  expect(["window", "document", "location"].filter((name) => name in globalThis)).toEqual([]);
  const client = createSessionClient({
    baseUrl: origin,
    teamId,
    storage: await fromAsyncStorage(storage),
    fetch,
    WebSocket,
    now: Date.now,
    ...options,
  });
  client.start();
  return client;
}

const contents = (client: SessionClient) =>
  client.getState().messages.map(({ content }) => content);

async function shows(client: SessionClient, texts: readonly string[]): Promise<void> {
  await expect.poll(() => contents(client), PATIENCE).toEqual(texts);
}

async function takeOver(
  chat: Chat,
  startApp: StartApp,
  storage: AppStorage,
): Promise<SessionClient> {
  const dialog = await SharingDialog.open(chat);
  const app = await startApp(storage, { inviteUrl: await dialog.handOff() });
  await expect.poll(() => app.getState().offer, PATIENCE).toEqual({ replacesOwn: false });
  await app.acceptHandOff();
  await dialog.close();
  return app;
}

it("goes on with a browser's session by hand-off, and after a restart", async ({
  team,
  context,
  startApp,
}) => {
  const chat = await Chat.open(context, team);
  await chat.write("from the browser");
  await chat.hasDelivered(1);
  const storage = new AppStorage();
  const app = await takeOver(chat, startApp, storage);
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

it("goes on with it by who the person is", async ({ team, context, startApp }) => {
  const chat = await Chat.open(context, team);
  await chat.write("before anybody knew me");
  await chat.hasDelivered(1);
  const known = await takeOver(chat, startApp, new AppStorage());
  const getIdentityToken = await identityTokens(team, "anna");
  await known.identify(await getIdentityToken());
  await known.send("now they know me").delivered;

  const elsewhere = await startApp(new AppStorage(), { getIdentityToken });
  await shows(elsewhere, ["before anybody knew me", "now they know me"]);
  expect(elsewhere.getState().sessionId).toBe(known.getState().sessionId);
  await elsewhere.send("from my other device").delivered;
  await shows(known, ["before anybody knew me", "now they know me", "from my other device"]);
});

it("is still theirs when the answer of an identification gets lost, with the new key in it", async ({
  team,
  startApp,
}) => {
  const identityToken = await identityTokens(team, "berta");
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

it("is theirs from the first moment, when the answer to that gets lost, too", async ({
  team,
  startApp,
}) => {
  const getIdentityToken = await identityTokens(team, "clara");
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
async function identityTokens(team: LocalTeam, userId: string): Promise<() => Promise<string>> {
  const { kid, secret } = await createIdentityKey(team);
  return () => signIdentityToken({ teamId: team.teamId, userId, kid, secret });
}
