// What a browser does to a session: tabs that open at once, tabs that die, networks that go, servers that are killed.
import { describe, expect } from "vitest";
import type { MessagePage, SessionList } from "../../../src/protocol/rest.ts";
import type { LocalTeam } from "../../support/local-team.ts";
import { PATIENCE } from "../chat.ts";
import { it, serveClient, Tab } from "./tab.ts";

async function asTeam<T>({ origin, teamKey }: LocalTeam, path: string): Promise<T> {
  const response = await fetch(`${origin}/api/${path}`, {
    headers: { authorization: `Bearer ${teamKey}` },
  });
  return (await response.json()) as T;
}

async function activeSessions(team: LocalTeam): Promise<string[]> {
  const path = `teams/${team.teamId}/sessions?status=active`;
  const { sessions } = await asTeam<SessionList>(team, path);
  return sessions.map(({ id }) => id);
}

/** What the server has of a session, in order. */
async function stored(team: LocalTeam, sessionId: string | undefined): Promise<string[]> {
  const path = `sessions/${sessionId}/messages?limit=200`;
  const { messages } = await asTeam<MessagePage>(team, path);
  return messages.map(({ content }) => content);
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => `message ${index + 1}`);

describe("tabs", () => {
  it("that open at once have one session, and it is the only one", async ({ team, openTab }) => {
    const tabs = await Promise.all(
      Array.from({ length: 10 }, (_, index) => openTab({ path: `tab/${index}` })),
    );
    await Promise.all(tabs.map((tab) => tab.isLive()));
    // Time for what was written at the same moment to come to light.
    await expect
      .poll(
        async () => new Set(await Promise.all(tabs.map((tab) => tab.sessionId()))).size,
        PATIENCE,
      )
      .toBe(1);
    await expect.poll(() => activeSessions(team), PATIENCE).toEqual([await tabs[0]?.sessionId()]);
    for (const [index, tab] of tabs.entries()) {
      await tab.run(`(client) => void client.send("from tab ${index}")`);
    }
    for (const tab of tabs) {
      await expect.poll(async () => (await tab.contents()).length, PATIENCE).toBe(10);
    }
  });

  it("end together, whatever they were doing", async ({ openTab }) => {
    const [one, two] = await Promise.all([openTab(), openTab()]);
    for (let round = 0; round < ENDINGS; round += 1) {
      await Promise.all([one.isLive(), two.isLive()]);
      await expect
        .poll(async () => (await one.sessionId()) === (await two.sessionId()), PATIENCE)
        .toBe(true);
      const [before, after] = [Math.random() * 30, Math.random() * 30];
      await Promise.all([
        one.run(`async (client) => {
          await new Promise((resolve) => setTimeout(resolve, ${before}));
          await client.terminateSession();
        }`),
        two.run(`async (client) => {
          await new Promise((resolve) => setTimeout(resolve, ${after}));
          await client.refreshSession().catch(() => undefined);
        }`),
      ]);
      for (const tab of [one, two]) {
        await expect.poll(() => tab.state(({ status }) => status), PATIENCE).toBe("terminated");
      }
      await one.run("(client) => client.createSession()");
    }
  });
});

/** Rounds of an ending against a refresh. */
const ENDINGS = 100;

describe("messages that wait", () => {
  it("outlive their tab, and arrive once and in order", async ({ team, context, openTab }) => {
    const tab = await openTab();
    await tab.isLive();
    const id = await tab.sessionId();
    await context.setOffline(true);
    const texts = numbered(20);
    await tab.run(
      `(client) => { for (const text of ${JSON.stringify(texts)}) client.send(text); }`,
    );
    await expect.poll(() => tab.state(({ pendingCount }) => pendingCount), PATIENCE).toBe(20);
    await tab.page.close({ runBeforeUnload: false });
    const next = await openTab();
    expect(await next.contents()).toEqual(texts);
    await context.setOffline(false);
    await next.isLive();
    await expect.poll(() => next.state(({ pendingCount }) => pendingCount), PATIENCE).toBe(0);
    expect(await next.contents()).toEqual(texts);
    expect(await next.sessionId()).toBe(id);
    expect(await stored(team, id)).toEqual(texts);
  });

  it("are sent by another tab when theirs has died", async ({ team, openTab }) => {
    const [one, two] = await Promise.all([openTab(), openTab()]);
    await Promise.all([one.isLive(), two.isLive()]);
    await one.run(`(client) => {
      // The page is gone before anything of it has left.
      WebSocket.prototype.send = () => undefined;
      client.send("last words");
    }`);
    await one.page.close({ runBeforeUnload: false });
    await expect.poll(() => two.contents(), PATIENCE).toEqual(["last words"]);
    await expect
      .poll(async () => await stored(team, await two.sessionId()), PATIENCE)
      .toEqual(["last words"]);
  });

  it("begin before there is a session, on a first load with the server down", async ({
    team,
    context,
    openTab,
  }) => {
    const unreachable = `${team.origin}/api/**`;
    await context.route(unreachable, (route) => route.abort());
    const tab = await openTab();
    await tab.run(`(client) => void client.send("anybody there?")`);
    expect(await tab.contents()).toEqual(["anybody there?"]);
    await tab.page.reload();
    await tab.page.waitForFunction("globalThis.client !== undefined");
    expect(await tab.contents()).toEqual(["anybody there?"]);
    await context.unroute(unreachable);
    await tab.isLive();
    await expect
      .poll(async () => await stored(team, await tab.sessionId()), PATIENCE)
      .toEqual(["anybody there?"]);
  });
});

describe("a server that is killed", () => {
  it("loses nothing, doubles nothing, and every tab is back within five seconds of it", async ({
    ownServer,
    context,
  }) => {
    await serveClient(context, ownServer);
    const tabs = await Promise.all(Array.from({ length: 3 }, () => Tab.open(context, ownServer)));
    await Promise.all(tabs.map((tab) => tab.isLive()));
    const id = await tabs[0]?.sessionId();
    const texts: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      for (let index = 0; index < 12; index += 1) {
        const text = `round ${round}, message ${index}`;
        texts.push(text);
        await tabs[index % 3]?.run(`(client) => void client.send("${text}")`);
      }
      await ownServer.kill();
      await ownServer.start();
      await Promise.all(tabs.map((tab) => tab.isLive(5_000)));
      for (const tab of tabs) {
        await expect
          .poll(async () => (await tab.contents()).toSorted(), PATIENCE)
          .toEqual(texts.toSorted());
        expect(await tab.contents()).toEqual(await stored(ownServer, id));
      }
    }
  }, 240_000);
});

describe("a page that is put away and taken out again", () => {
  // The Chromium that npm brings has no back-forward cache, so that its events are made by hand; the freeze is the browser's own.
  it("has let go of its socket meanwhile, and goes on live and without a gap", async ({
    context,
    openTab,
  }) => {
    const [tab, other] = await Promise.all([openTab(), openTab()]);
    await Promise.all([tab.isLive(), other.isLive()]);
    const presence = () => other.state((state) => state.presence.length);
    await expect.poll(presence, PATIENCE).toBe(2);
    const devtools = await context.newCDPSession(tab.page);
    for (const text of ["meanwhile", "and again"]) {
      await tab.run(
        `() => void dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }))`,
      );
      await expect.poll(presence, PATIENCE).toBe(1);
      await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
      await other.run(`(client) => client.send("${text}").delivered`);
      await devtools.send("Page.setWebLifecycleState", { state: "active" });
      await tab.run(
        `() => void dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))`,
      );
      await expect.poll(async () => (await tab.contents()).at(-1), PATIENCE).toBe(text);
      await tab.isLive();
    }
    await tab.run(`(client) => client.send("back").delivered`);
    await expect.poll(() => other.contents(), PATIENCE).toEqual(["meanwhile", "and again", "back"]);
    expect(await tab.contents()).toEqual(["meanwhile", "and again", "back"]);
  });
});
