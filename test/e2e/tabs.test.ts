import type { BrowserContext, Page } from "playwright-core";
import { describe, expect } from "vitest";
import { it } from "../support/e2e.ts";
import type { LocalTeam } from "../support/local-team.ts";
import { Chat, PATIENCE, writeAsTeam } from "./chat.ts";

function openTabs(context: BrowserContext, team: LocalTeam, count: number): Promise<Chat[]> {
  return Promise.all(Array.from({ length: count }, () => Chat.open(context, team)));
}

describe("two tabs of one browser and one of another", () => {
  it("hear each other at once, and the third hears nothing", async ({
    team,
    context,
    newContext,
  }) => {
    const [one, two] = await openTabs(context, team, 2);
    const elsewhere = await newContext();
    const stranger = await Chat.open(elsewhere, team);
    expect(await one!.sessionId()).toBe(await two!.sessionId());
    expect(await stranger.sessionId()).not.toBe(await one!.sessionId());
    await expect.poll(() => one!.presence(), PATIENCE).toBe("you in 2 places");
    await expect.poll(() => stranger.presence(), PATIENCE).toBe("only you");

    await one!.write("from the first");
    await two!.shows(["from the first"]);
    await two!.write("from the second");
    await one!.shows(["from the first", "from the second"]);
    await one!.hasDelivered(2);
    await two!.hasDelivered(2);
    await writeAsTeam(team, await one!.sessionId(), { role: "assistant", content: "an answer" });
    const all = ["from the first", "from the second", "an answer"];
    await Promise.all([one!.shows(all), two!.shows(all)]);

    // By the time its own message is back, a foreign one would have arrived before it.
    await stranger.write("alone here");
    await stranger.hasDelivered(1);
    expect(await stranger.texts()).toEqual(["alone here"]);
    expect(await one!.texts()).toEqual(all);
    for (const chat of [one!, two!, stranger]) {
      expect(chat.complaints).toEqual([]);
    }
  });

  it("keep their history over a reload and a closed tab", async ({ team, context }) => {
    const first = await Chat.open(context, team);
    await first.write("one");
    await first.write("two\nlines");
    await first.hasDelivered(2);
    await first.page.reload();
    await first.shows(["one", "two\nlines"]);
    await first.page.close();
    const second = await Chat.open(context, team);
    await second.shows(["one", "two\nlines"]);
    await second.hasDelivered(2);
  });

  it("end together, stay ended, and begin the next session together", async ({
    team,
    context,
    newContext,
  }) => {
    const [one, two] = await openTabs(context, team, 2);
    const elsewhere = await newContext();
    const stranger = await Chat.open(elsewhere, team);
    const ended = await one!.sessionId();
    await one!.write("last words");
    await two!.shows(["last words"]);

    await one!.end();
    await Promise.all([one!.hasEnded(), two!.hasEnded()]);
    expect(await stranger.connection()).toBe("Connected");
    await two!.page.reload();
    await two!.hasEnded();
    await two!.shows(["last words"]);

    await one!.startNew();
    await two!.connected();
    await one!.write("first words");
    await two!.shows(["first words"]);
    expect(await two!.sessionId()).not.toBe(ended);
    expect(await two!.sessionId()).toBe(await one!.sessionId());
  });

  it("see who writes", async ({ team, context }) => {
    const [one, two] = await openTabs(context, team, 2);
    await two!.page.getByRole("textbox", { name: "Message" }).pressSequentially("hm");
    await one!.page.getByText("You are typing elsewhere").waitFor();
    await two!.page.keyboard.press("Enter");
    await one!.page.getByText("You are typing elsewhere").waitFor({ state: "detached" });
    expect(await two!.page.getByText("You are typing elsewhere").count()).toBe(0);
  });
});

describe("what is written", () => {
  it("stays text, whatever it looks like", async ({ team, context }) => {
    const chat = await Chat.open(context, team);
    const hostile = '<img src=x onerror="document.title=1"><b>bold</b> &amp; {{x}}';
    await chat.write(hostile);
    await chat.hasDelivered(1);
    await writeAsTeam(team, await chat.sessionId(), { role: "operator", content: hostile });
    // The team writes Markdown, which has entities, and no HTML.
    await chat.shows([hostile, hostile.replace("&amp;", "&")]);
    expect(await chat.page.getByRole("log").locator("img, b").count()).toBe(0);
    expect(chat.complaints).toEqual([]);
  });

  it("can be refused, and tried again", async ({ team, context }) => {
    const chat = await Chat.open(context, team, refuseFirstMessage);
    await chat.write("again, please");
    await expect.poll(() => chat.deliveries(), PATIENCE).toEqual({ failed: 1 });
    await chat.write("in between");
    await chat.shows(["in between", "again, please"]);
    await chat.page.getByRole("button", { name: "Try again" }).click();
    await chat.hasDelivered(2);
    expect(await chat.texts()).toEqual(["in between", "again, please"]);
  });

  it("shows the newest of a long history, and the rest on the way up", async ({
    team,
    context,
  }) => {
    const chat = await Chat.open(context, team);
    const id = await chat.sessionId();
    const texts = Array.from({ length: 110 }, (_, index) => `message ${index + 1}`);
    for (const content of texts) {
      await writeAsTeam(team, id, { role: "assistant", content });
    }
    await chat.page.reload();
    // What the browser had kept of it may begin a little earlier.
    await expect
      .poll(async () => (await chat.texts()).slice(-50), PATIENCE)
      .toEqual(texts.slice(-50));
    expect((await chat.texts()).length).toBeLessThan(110);
    const log = chat.page.getByRole("region", { name: "Conversation" });
    await expect
      .poll(async () => {
        await log.evaluate((element) => element.scrollTo({ top: 0 }));
        return (await chat.texts()).length;
      }, PATIENCE)
      .toBe(110);
    expect(await chat.texts()).toEqual(texts);
  });
});

/** Stands between the page and the server, and answers the first message in its stead. */
async function refuseFirstMessage(page: Page): Promise<void> {
  let refused = false;
  await page.routeWebSocket(/\/socket\?/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((data) => {
      const [, clientId] = /^{"type":"send".*?"clientId":"(.*?)"/.exec(String(data)) ?? [];
      if (refused || clientId === undefined) {
        server.send(data);
      } else {
        refused = true;
        socket.send(JSON.stringify({ type: "error", code: "validation_failed", clientId }));
      }
    });
  });
}
