// A session whose token no script ever sees, on the API's own origin.
import { expect } from "vitest";
import type { SessionList } from "../../../src/protocol/rest.ts";
import type { LocalTeam } from "../../support/local-team.ts";
import { PATIENCE } from "../chat.ts";
import { it, serveClient, Tab } from "./tab.ts";

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

async function activeSessions({ origin, teamId, teamKey }: LocalTeam): Promise<string[]> {
  const response = await fetch(`${origin}/api/teams/${teamId}/sessions?status=active`, {
    headers: { authorization: `Bearer ${teamKey}` },
  });
  const { sessions } = (await response.json()) as SessionList;
  return sessions.map(({ id }) => id);
}

it("is opened, reloaded, shared by tabs, prolonged and ended", async ({
  team,
  context,
  openTab,
}) => {
  const tab = await openTab({ options: COOKIE });
  await tab.isLive();
  const id = await tab.sessionId();
  const [cookie] = await context.cookies(team.origin);
  expect(cookie).toMatchObject({ name: `__Host-ds.${team.teamId}`, httpOnly: true, secure: true });
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

  const other = await openTab({ options: COOKIE });
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

it.for<[string, number, string]>([
  ["ten tabs at the same moment", 10, WITHOUT_LOCKS],
  ["tabs whose creations share one cookie", 4, RIVALS],
])("is one for %s, and the only one", async ([, count, options], { team, openTab }) => {
  const tabs = await Promise.all(Array.from({ length: count }, () => openTab({ options })));
  const ids = async () => new Set(await Promise.all(tabs.map((tab) => tab.sessionId())));
  await Promise.all(tabs.map((tab) => tab.isLive()));
  await expect.poll(async () => (await ids()).size, PATIENCE).toBe(1);
  await expect.poll(() => activeSessions(team), PATIENCE).toEqual([...(await ids())]);
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

it("leaves a guest's link to its tab, and goes on beside it", async ({
  team,
  newContext,
  openTab,
}) => {
  const host = await openTab({ options: COOKIE });
  await host.isLive();
  await host.run(`(client) => client.send("welcome").delivered`);
  const url = await host.page.evaluate(
    `client.share({ role: "writer", pageUrl: location.href }).then((invite) => invite.url)`,
  );
  const guests = await newContext();
  await serveClient(guests, team);
  const own = await Tab.open(guests, team, { options: COOKIE });
  await own.isLive();
  const jar = await guests.cookies();
  const guest = await Tab.open(guests, team, {
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
});
