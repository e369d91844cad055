import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { it as productIt } from "../support/e2e.ts";
import type { LocalServer } from "../support/server.ts";
import { startServer } from "../support/server.ts";
import { Chat, PATIENCE } from "./chat.ts";
import { Inbox } from "./inbox.ts";

/** With a bot, which answers the team `demo` alone. */
let server: LocalServer;

beforeAll(async () => {
  server = await startServer({ bot: true });
});

afterAll(async () => {
  await server?.close();
});

const it = productIt
  .extend("visitor", ({ newContext }) => newContext())
  .extend("staff", ({ newContext }) => newContext());

/** The questions that the bot has answered: it quotes them. */
async function answered(chat: Chat): Promise<string[]> {
  const texts = await chat.texts();
  return texts.flatMap((text) => /^You wrote: "(.*?)"/.exec(text)?.[1] ?? []);
}

/** Notices the sign that stands there before the first word, however short. */
async function watchPending(page: Page): Promise<void> {
  await page.addInitScript(() => {
    new MutationObserver(() => {
      if (document.querySelector(".message-pending")) {
        Object.assign(window, { sawPending: true });
      }
    }).observe(document, { subtree: true, childList: true });
  });
}

function sawPending({ page }: Chat): Promise<boolean> {
  return page.evaluate(() => "sawPending" in window);
}

describe("a visitor, the demo bot and an operator", () => {
  it("see the bot answer, a person take over, the bot fall silent, and go on when it is handed back", async ({
    visitor,
    staff,
  }) => {
    const [one, two] = [
      await Chat.open(visitor, server, watchPending),
      await Chat.open(visitor, server),
    ];
    await one.write("first question");
    await Promise.all([
      expect.poll(() => one.streaming(), PATIENCE).toContain("You wrote"),
      expect.poll(() => two.streaming(), PATIENCE).toContain("You wrote"),
    ]);
    expect(await sawPending(one)).toBe(true);
    await two.page.reload();
    await expect.poll(() => two.streaming(), PATIENCE).toContain("You wrote");
    await expect.poll(() => two.streaming(), PATIENCE).toBeUndefined();
    await expect.poll(() => one.texts(), PATIENCE).toEqual(await two.texts());
    expect(await answered(two)).toEqual(["first question"]);

    const inbox = await Inbox.open(staff, server, await one.sessionId());
    await inbox.says("The bot answers");
    await inbox.press("Take over");
    await inbox.says("The team answers");
    await one.page.getByText("A person answers here", { exact: true }).waitFor();
    await one.write("second question");
    await inbox.says("second question");
    await inbox.page.getByRole("textbox", { name: "Message" }).pressSequentially("I");
    await one.page.getByText("Demo operator is typing").waitFor();
    await inbox.write("I am a person.");
    await one.page.getByText("I am a person.").waitFor();

    await inbox.press("Hand back to the bot");
    await inbox.says("The bot answers");
    await one.page.getByRole("button", { name: "Talk to a person" }).waitFor();
    await one.write("third question");
    // Events come in order: whoever has answered the third has left the second alone.
    await expect.poll(() => answered(one), PATIENCE).toContain("third question");
    await expect.poll(() => one.streaming(), PATIENCE).toBeUndefined();
    expect(await answered(one)).toEqual(["first question", "third question"]);
    await expect.poll(() => inbox.texts(), PATIENCE).toEqual(await one.texts());
    expect([...one.complaints, ...two.complaints, ...inbox.complaints]).toEqual([]);
  });

  it("has the bot interrupted by whoever takes over", async ({ visitor, staff }) => {
    const chat = await Chat.open(visitor, server);
    const inbox = await Inbox.open(staff, server, await chat.sessionId());
    await chat.write("Tell me a story");
    await expect.poll(() => chat.streaming(), PATIENCE).toContain("Once upon a time");
    await inbox.press("Take over");
    await chat.page.getByText("Stopped").waitFor();
    await expect.poll(() => chat.streaming(), PATIENCE).toBeUndefined();
    await inbox.write("Let me tell it.");
    await chat.page.getByText("Let me tell it.").waitFor();
  });

  it("calls a person by a button", async ({ visitor, staff }) => {
    const chat = await Chat.open(visitor, server);
    await chat.page.getByRole("button", { name: "Talk to a person" }).click();
    await chat.page.getByText("A person will answer here").waitFor();
    const inbox = await Inbox.open(staff, server, await chat.sessionId());
    await inbox.says("A person is waited for");
    await inbox.press("Take over");
    await chat.page.getByText("A person answers here", { exact: true }).waitFor();
    await inbox.press("Close");
    await inbox.says("Closed");
    await chat.write("One more thing");
    await inbox.page.getByRole("button", { name: "Close" }).waitFor();
  });
});

/** What the newest message that tells its delivery says of it. */
async function delivery({ page }: Chat | Inbox, text: string): Promise<string> {
  const row = page.getByRole("log").locator(".message", { hasText: text });
  return (await row.locator(".message-mark").allInnerTexts()).join();
}

/** As when somebody turns to another tab, and comes back: a browser without a window shows all of its tabs. */
async function turn({ page }: Chat | Inbox, state: "hidden" | "visible"): Promise<void> {
  await page.evaluate((visibilityState) => {
    Object.defineProperty(document, "visibilityState", {
      configurable: true,
      get: () => visibilityState,
    });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
}

/** Longer than it takes to have seen something; then types, which arrives after whatever the page has sent by then. */
async function lookLong({ page }: Chat | Inbox): Promise<void> {
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 2000)));
  await page.getByRole("textbox", { name: "Message" }).pressSequentially("I");
}

describe("a visitor and an operator", () => {
  it("see that the other has looked at the newest message, and only then, also after a reload", async ({
    visitor,
    staff,
  }) => {
    const chat = await Chat.open(visitor, server);
    await chat.page.getByRole("button", { name: "Talk to a person" }).click();
    await chat.page.getByText("A person will answer here").waitFor();
    const inbox = await Inbox.open(staff, server, await chat.sessionId());
    await inbox.press("Take over");
    await chat.page.getByText("A person answers here", { exact: true }).waitFor();

    await turn(inbox, "hidden");
    await chat.write(Array.from({ length: 60 }, (_, line) => `line ${line}`).join("\n"));
    await inbox.page.getByText("line 59").waitFor();
    await lookLong(inbox);
    await chat.page.getByText("Demo operator is typing").waitFor();
    expect(await delivery(chat, "line 59")).toBe("Sent");
    await turn(inbox, "visible");
    await expect.poll(() => delivery(chat, "line 59"), PATIENCE).toBe("Seen");

    await chat.page.locator(".log-scroller").evaluate((scroller) => scroller.scrollTo(0, 0));
    const jump = chat.page.locator(".log-jump");
    await jump.waitFor();
    await inbox.write("I am here.");
    await jump.getByText("1 new message").waitFor();
    await lookLong(chat);
    await inbox.page.getByText("The visitor is typing").waitFor();
    expect(await delivery(inbox, "I am here.")).toBe("Sent");
    await jump.click();
    await expect.poll(() => delivery(inbox, "I am here."), PATIENCE).toBe("Seen");

    await Promise.all([chat.page.reload(), inbox.page.reload()]);
    await expect.poll(() => delivery(chat, "line 59"), PATIENCE).toBe("Seen");
    await expect.poll(() => delivery(inbox, "I am here."), PATIENCE).toBe("Seen");
    expect([...chat.complaints, ...inbox.complaints]).toEqual([]);
  });
});

describe("the operator's page", () => {
  it("keeps the token out of the address, and the operator signed in over a reload", async ({
    visitor,
    staff,
  }) => {
    const chat = await Chat.open(visitor, server);
    const sessionId = await chat.sessionId();
    const inbox = await Inbox.open(staff, server, sessionId);
    const [, token = ""] = /op=([^&]+)/.exec(server.operatorUrl) ?? [];
    expect(token).toMatch(/^op_/);
    expect(inbox.page.url()).toBe(`${server.origin}/dashboard#session=${sessionId}`);
    await inbox.page.goBack();
    expect(inbox.page.url()).toBe(`${server.origin}/dashboard`);
    await inbox.page.goForward();
    await chat.write("still there?");
    await inbox.says("still there?");
    await inbox.page.reload();
    await inbox.connected();
    await inbox.says("still there?");
    await expect
      .poll(() => inbox.page.getByTestId("presence").innerText(), PATIENCE)
      .toBe("the visitor is here");
    await chat.page.getByTestId("presence").getByText("Demo operator is here").waitFor();
    const kept = await inbox.page.evaluate(() => JSON.stringify({ ...localStorage }));
    expect(kept).not.toContain(token);
    expect(inbox.complaints).toEqual([]);

    await inbox.press("Sign out");
    await inbox.page.getByRole("heading", { name: "You are not signed in" }).waitFor();
    await inbox.page.reload();
    await inbox.page.getByRole("heading", { name: "You are not signed in" }).waitFor();
  });

  it("shows how a session ended", async ({ visitor, staff }) => {
    const chat = await Chat.open(visitor, server);
    const inbox = await Inbox.open(staff, server, await chat.sessionId());
    await chat.end();
    await inbox.says("The visitor has ended this session.");
    expect(await inbox.page.getByRole("textbox", { name: "Message" }).count()).toBe(0);
  });
});
