/** Whose chat the widget shows, and what keeps its key: on another site than the Worker's. */
import type { BrowserContext } from "playwright-core";
import { describe, expect } from "vitest";
import { signIdentityToken } from "../../client/server/index.ts";
import type { LocalTeam } from "../support/local-team.ts";
import { changePolicy, createIdentityKey } from "../support/local-team.ts";
import { PATIENCE } from "./chat.ts";
import { it, LISTENING, Widget } from "./host-site.ts";

async function userIdOf(
  { origin, teamKey }: LocalTeam,
  sessionId: string,
): Promise<string | undefined> {
  const response = await fetch(`${origin}/api/sessions/${sessionId}`, {
    headers: { authorization: `Bearer ${teamKey}` },
  });
  const { session }: { session: { userId?: string } } = JSON.parse(await response.text());
  return session.userId;
}

describe("a person whom the page knows", () => {
  it("is told to the chat when it asks, and has one chat in every browser", async ({
    site,
    team,
    context,
    newContext,
  }) => {
    const { kid, secret } = await createIdentityKey(team);
    const userId = `ana-${crypto.randomUUID()}`;
    let signed = 0;
    site.page("/", team, {
      head: `${LISTENING}<script>DurableSessions.push(["identify", () => signIn()]);</script>`,
    });
    const visit = async (browserContext: BrowserContext) => {
      await browserContext.exposeFunction("signIn", () => {
        signed += 1;
        return signIdentityToken({ kid, secret, teamId: team.teamId, userId });
      });
      return await Widget.visit(browserContext, `${site.origin}/`);
    };
    const first = await visit(context);
    expect(signed).toBe(0);
    await first.open();
    await first.write("on the first");
    await first.hears("message", [{ role: "user", seq: 1 }]);
    const sessionId = await first.sessionId();
    expect(await userIdOf(team, sessionId)).toBe(userId);

    const elsewhere = await newContext();
    const second = await visit(elsewhere);
    await second.open();
    await expect.poll(() => second.texts(), PATIENCE).toEqual(["on the first"]);
    expect(await second.sessionId()).toBe(sessionId);
    expect(second.complaints).toEqual([]);
  });

  it("becomes the owner of the chat that began without a name", async ({ site, team, context }) => {
    const { kid, secret } = await createIdentityKey(team);
    site.page("/", team, { head: LISTENING });
    const widget = await Widget.visit(context, `${site.origin}/`);
    await widget.open();
    const sessionId = await widget.sessionId();
    expect(await userIdOf(team, sessionId)).toBeUndefined();
    const userId = `ben-${crypto.randomUUID()}`;
    const token = await signIdentityToken({ kid, secret, teamId: team.teamId, userId });
    await widget.page.evaluate((known) => {
      window.DurableSessions?.push(["identify", known]);
    }, token);
    await expect.poll(() => userIdOf(team, sessionId), PATIENCE).toBe(userId);
    await widget.connected();
    expect(await widget.heard("error")).toEqual([]);
  });

  it("is asked for on a later page, too", async ({ site, team, context }) => {
    const { kid, secret } = await createIdentityKey(team);
    site.page("/", team, { head: LISTENING });
    const anonymous = await Widget.visit(context, `${site.origin}/`);
    await anonymous.open();
    const sessionId = await anonymous.sessionId();
    expect(await userIdOf(team, sessionId)).toBeUndefined();

    const userId = `cem-${crypto.randomUUID()}`;
    await context.exposeFunction("signIn", () =>
      signIdentityToken({ kid, secret, teamId: team.teamId, userId }),
    );
    site.page("/signed-in", team, {
      head: `${LISTENING}<script>DurableSessions.push(["identify", () => signIn()]);</script>`,
    });
    const known = await Widget.visit(context, `${site.origin}/signed-in`);
    await known.open();
    await expect.poll(() => userIdOf(team, sessionId), PATIENCE).toBe(userId);
    expect(await known.heard("error")).toEqual([]);
  });
});

describe("a person at a browser that another one used before", () => {
  it("gets their own chat, and nothing of the other's", async ({ site, team, context }) => {
    const { kid, secret } = await createIdentityKey(team);
    const ana = `ana-${crypto.randomUUID()}`;
    const ben = `bén-${crypto.randomUUID()}`;
    let userId = ana;
    await context.exposeFunction("signIn", () =>
      signIdentityToken({ kid, secret, teamId: team.teamId, userId }),
    );
    site.page("/", team, {
      head: `${LISTENING}<script>DurableSessions.push(["identify", () => signIn()]);</script>`,
    });
    const anas = await Widget.visit(context, `${site.origin}/`);
    await anas.open();
    await anas.write("only for ana");
    await anas.hears("message", [{ role: "user", seq: 1 }]);
    const anasId = await anas.sessionId();
    await anas.page.reload();
    await anas.open();
    expect(await anas.sessionId()).toBe(anasId);
    await anas.page.waitForTimeout(1_500);
    await anas.page.close();

    userId = ben;
    const bens = await Widget.visit(context, `${site.origin}/`);
    await bens.open();
    await expect.poll(async () => userIdOf(team, await bens.sessionId()), PATIENCE).toBe(ben);
    await bens.connected();
    await expect.poll(() => bens.texts(), PATIENCE).toEqual([]);
    await bens.write("only for ben");
    await expect.poll(() => bens.texts(), PATIENCE).toEqual(["only for ben"]);
    const stored = () =>
      bens.frame?.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
    expect(await stored()).not.toContain("only for ana");

    userId = ana;
    await bens.page.evaluate(() => {
      window.DurableSessions?.push(["identify", (window as unknown as SignedIn).signIn]);
    });
    await expect.poll(() => bens.texts(), PATIENCE).toEqual(["only for ana"]);
    expect(await bens.sessionId()).toBe(anasId);
  });
});

interface SignedIn {
  readonly signIn: () => Promise<string>;
}

describe("the key of the chat", () => {
  const kept = (widget: Widget) =>
    widget.frame?.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));

  it("is in the frame's storage, out of the page's sight", async ({ site, team, context }) => {
    site.page("/", team, { head: LISTENING });
    const widget = await Widget.visit(context, `${site.origin}/`);
    await widget.open();
    const sessionId = await widget.sessionId();
    expect(await kept(widget)).toContain(`${sessionId}.`);
    expect(await widget.page.evaluate(() => Object.keys(localStorage))).toEqual([]);
  });

  it("can be a cookie of the frame's, which no script ever sees", async ({
    site,
    team,
    context,
  }) => {
    await changePolicy(team, { crossSiteCookies: true });
    site.page("/", team, { head: LISTENING, attributes: 'data-transport="cookie"' });
    const widget = await Widget.visit(context, `${site.origin}/`);
    await widget.open();
    await widget.write("by cookie");
    await widget.hears("message", [{ role: "user", seq: 1 }]);
    const sessionId = await widget.sessionId();
    expect(await kept(widget)).not.toContain(`${sessionId}.`);
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({
      name: `__Host-ds.${team.teamId}`,
      httpOnly: true,
      sameSite: "None",
    });

    await widget.page.reload();
    await widget.open();
    await expect.poll(() => widget.texts(), PATIENCE).toEqual(["by cookie"]);
    expect(await widget.sessionId()).toBe(sessionId);
  });
});
