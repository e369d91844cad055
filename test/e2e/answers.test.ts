import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { HOSTILE_TEXTS } from "../client/pages/markdown/corpus.ts";
import { it } from "../support/e2e.ts";
import { Chat, PATIENCE, streamAsTeam, writeAsTeam } from "./chat.ts";

const WORDS = Array.from({ length: 120 }, (_, index) => `word${index}`);

/** Every text that an answer has had on the page since it was loaded. */
async function watchAnswer(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    new MutationObserver(() => {
      const answer = document.querySelector("[data-role=assistant] .markdown");
      const text = answer?.textContent ?? "";
      if (text !== "" && text !== seen.at(-1)) {
        seen.push(text);
      }
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
}

function seenIn({ page }: Chat): Promise<string[]> {
  return page.evaluate(() => (window as unknown as { seen: string[] }).seen);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe("an answer that is being written", () => {
  it("comes to two tabs at once, and goes on over a reload without a gap or a repeat", async ({
    team,
    context,
  }) => {
    const [one, two] = await Promise.all([
      Chat.open(context, team, watchAnswer),
      Chat.open(context, team, watchAnswer),
    ]);
    await one.write("Tell me everything");
    await two.shows(["Tell me everything"]);
    const answer = streamAsTeam(team, await one.sessionId());
    const text = WORDS.join(" ");
    const write = async (words: readonly string[]) => {
      for (const word of words) {
        answer.write(`${word} `);
        await pause(10);
      }
    };

    await write(WORDS.slice(0, 40));
    await expect.poll(() => one.streaming(), PATIENCE).toContain("word39");
    await expect.poll(() => two.streaming(), PATIENCE).toContain("word39");
    const row = await one.page.locator("[data-streaming]").elementHandle();
    const before = await seenIn(two);
    const reloaded = two.page.reload();
    await write(WORDS.slice(40, 80));
    await reloaded;
    await expect.poll(() => two.streaming(), PATIENCE).toContain("word79");
    await write(WORDS.slice(80));
    const message = await answer.end();
    expect(message.content.trim()).toBe(text);

    await one.shows(["Tell me everything", text]);
    await two.shows(["Tell me everything", text]);
    await expect.poll(() => one.streaming(), PATIENCE).toBeUndefined();
    const after = await seenIn(two);
    // What came first after the reload was all that had been there before it.
    expect(after[0]!.length).toBeGreaterThanOrEqual(before.at(-1)!.length);
    for (const seen of [await seenIn(one), before, after]) {
      expect(seen.length).toBeGreaterThan(2);
      expect(seen.filter((part) => !text.startsWith(part))).toEqual([]);
      expect(seen.map(({ length }) => length)).toEqual(
        seen.map(({ length }) => length).toSorted((a, b) => a - b),
      );
    }
    // The same row all along.
    expect(await row?.evaluate((element) => element.isConnected)).toBe(true);
    expect([...one.complaints, ...two.complaints]).toEqual([]);
  });

  it("is told to a screen reader once, when it is whole", async ({ team, context }) => {
    const chat = await Chat.open(context, team);
    const answer = streamAsTeam(team, await chat.sessionId());
    answer.write("The first half ");
    await expect.poll(() => chat.streaming(), PATIENCE).toBe("The first half");
    const told = chat.page.getByTestId("finished-answer");
    expect(await told.innerText()).toBe("");
    const row = chat.page.locator("[data-streaming]");
    expect(await row.getAttribute("aria-live")).toBe("off");
    answer.write("and the second");
    await answer.end();
    await expect
      .poll(() => told.innerText(), PATIENCE)
      .toBe("Assistant: The first half and the second");
  });

  it("can be stopped, by whoever reads it", async ({ team, context }) => {
    const [one, two] = await Promise.all([Chat.open(context, team), Chat.open(context, team)]);
    const answer = streamAsTeam(team, await one.sessionId());
    answer.write("Enough of");
    await expect.poll(() => two.streaming(), PATIENCE).toBe("Enough of");
    await two.page.getByRole("button", { name: "Stop" }).click();
    await Promise.all([
      one.page.getByText("Stopped").waitFor(),
      two.page.getByText("Stopped").waitFor(),
    ]);
    expect(await answer.ended).toMatchObject({
      content: "Enough of",
      metadata: { incomplete: true, cancelled: true },
    });
    expect(await one.page.getByRole("button", { name: "Stop" }).count()).toBe(0);

    const another = streamAsTeam(team, await one.sessionId());
    another.write("By keyboard");
    await expect.poll(() => one.streaming(), PATIENCE).toBe("By keyboard");
    await one.page.getByRole("textbox", { name: "Message" }).press("Escape");
    await another.ended;
    await one.shows(["Enough of", "By keyboard"]);
  });

  it("stays in sight while it grows, and leaves whoever scrolled up where they are", async ({
    team,
    context,
  }) => {
    const chat = await Chat.open(context, team);
    const answer = streamAsTeam(team, await chat.sessionId());
    const scroller = chat.page.getByRole("region", { name: "Conversation" });
    const toEnd = () =>
      scroller.evaluate((element) =>
        Math.round(element.scrollHeight - element.scrollTop - element.clientHeight),
      );
    answer.write("paragraph\n\n".repeat(60));
    await expect.poll(() => chat.streaming(), PATIENCE).toContain("paragraph");
    await expect.poll(toEnd, PATIENCE).toBe(0);
    expect(await scroller.evaluate((element) => element.scrollTop)).toBeGreaterThan(0);
    await scroller.evaluate((element) => element.scrollTo({ top: 100 }));
    const toNewest = chat.page.getByRole("button", { name: "Go to the newest message" });
    await toNewest.waitFor();
    // To the end and up again before the page has heard of the first: the reader's own move stands.
    await toNewest.evaluate((button: HTMLElement) => {
      const region = button.closest("main")?.querySelector("section");
      button.click();
      region?.scrollTo({ top: 100 });
    });
    await toNewest.waitFor();
    answer.write("paragraph\n\n".repeat(60));
    await answer.end();
    await expect.poll(() => chat.streaming(), PATIENCE).toBeUndefined();
    expect(await scroller.evaluate((element) => element.scrollTop)).toBe(100);
  });
});

describe("what the team writes", () => {
  it("is Markdown", async ({ team, context }) => {
    const chat = await Chat.open(context, team);
    const content = "**Yes**, see [this](https://a.example/x):\n\n- one\n- two";
    await writeAsTeam(team, await chat.sessionId(), { role: "assistant", content });
    const text = chat.page.getByRole("log").locator(".markdown");
    await text.locator("strong", { hasText: "Yes" }).waitFor();
    const link = text.getByRole("link", { name: "this" });
    expect(await link.getAttribute("href")).toBe("https://a.example/x");
    expect(await link.getAttribute("rel")).toBe("noopener noreferrer nofollow");
    expect(await link.getAttribute("target")).toBe("_blank");
    expect(await text.getByRole("listitem").count()).toBe(2);
  });

  it("brings nothing to life, and loads nothing from elsewhere", async ({ team, context }) => {
    const chat = await Chat.open(context, team);
    const requested: string[] = [];
    chat.page.on("request", (request) => requested.push(request.url()));
    chat.page.on("dialog", (dialog) => {
      chat.complaints.push(dialog.message());
      void dialog.dismiss();
    });
    const id = await chat.sessionId();
    for (const content of HOSTILE_TEXTS) {
      await writeAsTeam(team, id, { role: "assistant", content });
    }
    await writeAsTeam(team, id, { role: "assistant", content: "**the end**" });
    await chat.page.locator(".markdown strong", { hasText: "the end" }).waitFor();
    const found = await chat.page.getByRole("log").evaluate((log) => {
      const elements = [...log.querySelectorAll(".markdown *")];
      return {
        tags: [...new Set(elements.map(({ localName }) => localName))],
        attributes: [...new Set(elements.flatMap((element) => element.getAttributeNames()))],
        links: [...log.querySelectorAll<HTMLAnchorElement>(".markdown a")].map(({ href }) => href),
      };
    });
    const harmless = "p h3 h4 h5 h6 pre code blockquote ul ol li hr div table thead tbody tr th td";
    for (const tag of found.tags) {
      expect([...harmless.split(" "), "strong", "em", "del", "a", "br"]).toContain(tag);
    }
    for (const attribute of found.attributes) {
      expect("href target rel title class tabindex data-align start".split(" ")).toContain(
        attribute,
      );
    }
    for (const href of found.links) {
      expect(href).toMatch(/^https?:\/\//);
    }
    expect(requested.filter((url) => !url.startsWith(team.origin))).toEqual([]);
    expect(chat.complaints).toEqual([]);
  });

  it("can be taken back, from under everybody's eyes", async ({ team, context }) => {
    const chat = await Chat.open(context, team);
    const id = await chat.sessionId();
    const answer = streamAsTeam(team, id);
    answer.write("a secret");
    const message = await answer.end();
    await chat.shows(["a secret"]);
    const response = await fetch(`${team.origin}/api/sessions/${id}/messages/${message.id}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${team.teamKey}` },
    });
    expect(response.status).toBe(204);
    await chat.shows(["This message was removed."]);
    await chat.page.reload();
    await chat.shows(["This message was removed."]);
  });
});
