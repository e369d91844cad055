/** What the page tells of a session's troubles, and what its visitors can set. */
import { describe, expect } from "vitest";
import { it } from "../support/e2e.ts";
import type { LocalTeam } from "../support/local-team.ts";
import { Chat, PATIENCE } from "./chat.ts";
import { violations } from "./violations.ts";

/** With the visitor's own token, as other code of the page could. */
async function callAsOwner(
  { origin }: LocalTeam,
  chat: Chat,
  path: string,
  body: object,
): Promise<void> {
  const id = await chat.sessionId();
  const response = await fetch(`${origin}/api/sessions/${id}/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${await chat.token()}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.ok, await response.text()).toBe(true);
}

async function endAsTeam({ origin, teamKey }: LocalTeam, sessionId: string): Promise<void> {
  const response = await fetch(`${origin}/api/sessions/${sessionId}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${teamKey}` },
  });
  expect(response.status).toBe(204);
}

describe("without a connection", () => {
  it("says what waits, and moves nothing for it", async ({ team, context }) => {
    const chat = await Chat.open(context, team);
    await chat.write("before");
    await chat.hasDelivered(1);
    const composer = chat.page.locator(".composer");
    const place = await composer.boundingBox();
    await context.setOffline(true);
    const banner = chat.page.getByTestId("cut-off");
    await expect
      .poll(() => banner.innerText(), PATIENCE)
      .toBe("You are offline. What you write is sent later.");
    await chat.write("one");
    await chat.write("two");
    await expect
      .poll(() => banner.innerText(), PATIENCE)
      .toBe("You are offline. 2 messages wait to be sent.");
    expect(await composer.boundingBox()).toEqual(place);
    await context.setOffline(false);
    await chat.hasDelivered(3);
    await banner.waitFor({ state: "detached" });
    await chat.shows(["before", "one", "two"]);
  });
});

describe("a session that was lost", () => {
  it("is still there to read, and its unsent words go on only by a click", async ({
    team,
    context,
  }) => {
    const chat = await Chat.open(context, team);
    await chat.write("said");
    await chat.hasDelivered(1);
    await context.setOffline(true);
    await chat.page.getByTestId("cut-off").waitFor();
    await chat.write("left unsent");
    await endAsTeam(team, await chat.sessionId());
    await context.setOffline(false);
    await chat.hasEnded();
    await chat.startNew();
    const notice = chat.page.getByRole("region", { name: "Your previous chat" });
    await notice.getByText("1 message was not sent in it.").waitFor();
    expect(await chat.texts()).toEqual([]);
    await notice.getByRole("button", { name: "Read it" }).click();
    const before = chat.page.getByRole("dialog", { name: "Your previous chat" });
    await expect
      .poll(() => before.locator(".message-text").allInnerTexts(), PATIENCE)
      .toEqual(["said", "left unsent"]);
    expect(await violations(chat.page)).toEqual([]);
    await chat.page.keyboard.press("Escape");
    await notice.getByRole("button", { name: "Send it here" }).click();
    await chat.shows(["left unsent"]);
    await chat.hasDelivered(1);
  });
});

describe("a browser that keeps nothing", () => {
  it("is told so, and chats on", async ({ team, context }) => {
    const chat = await Chat.open(context, team, async (page) => {
      await page.addInitScript(() => {
        for (const name of ["localStorage", "sessionStorage"]) {
          Object.defineProperty(window, name, {
            get() {
              throw new DOMException("Blocked", "SecurityError");
            },
          });
        }
      });
    });
    const notice = chat.page.getByRole("region", { name: "Nothing is kept" });
    await notice.waitFor();
    expect(await violations(chat.page)).toEqual([]);
    await chat.write("all the same");
    await chat.hasDelivered(1);
    await notice.getByRole("button", { name: "All right" }).click();
    await notice.waitFor({ state: "detached" });
    expect(chat.complaints).toEqual([]);
  });
});

describe("what was brought along", () => {
  it("is marked, and its files are links that lead elsewhere", async ({ team, context }) => {
    const chat = await Chat.open(context, team);
    const file = { url: "https://files.example/a.pdf", name: "a.pdf", size: 1_200_000 };
    const message = {
      role: "assistant",
      content: "from before",
      createdAt: "2026-01-02T03:04:05Z",
    };
    await callAsOwner(team, chat, "import", {
      conversations: [{ id: "old", messages: [{ id: "1", ...message, attachments: [file] }] }],
    });
    await chat.page.getByText("Imported").waitFor();
    const link = chat.page.getByRole("link", { name: "a.pdf" });
    expect(await link.getAttribute("href")).toBe(file.url);
    expect(await link.getAttribute("rel")).toBe("noopener noreferrer nofollow");
    expect(await link.innerText()).toContain("1.2 MB");
    expect(await violations(chat.page)).toEqual([]);
  });

  it("can be several conversations, each with its own messages", async ({ team, context }) => {
    const chat = await Chat.open(context, team);
    const messages = (content: string) => [
      { id: "1", role: "user", content, createdAt: "2026-01-02T03:04:05Z" },
    ];
    expect(await chat.page.getByRole("navigation", { name: "Conversations" }).count()).toBe(0);
    await callAsOwner(team, chat, "import", {
      conversations: [
        { id: "old", messages: messages("in the first") },
        { id: "older", messages: messages("in the second") },
      ],
    });
    const tabs = chat.page.getByRole("navigation", { name: "Conversations" }).getByRole("button");
    await expect.poll(() => tabs.count(), PATIENCE).toBe(2);
    await chat.shows(["in the first"]);
    await tabs.nth(1).click();
    await chat.shows(["in the second"]);
    expect(await tabs.nth(1).getAttribute("aria-current")).toBe("true");
    expect(await violations(chat.page)).toEqual([]);
    await tabs.nth(0).click();
    await chat.shows(["in the first"]);
  });
});

describe("the settings", () => {
  const open = async ({ page }: Chat) => {
    await page.getByRole("button", { name: "Settings" }).click();
    return page.getByRole("dialog", { name: "Settings" });
  };
  const theme = ({ page }: Chat) =>
    page.evaluate(() => getComputedStyle(document.body).backgroundColor);

  it("keep what was chosen", async ({ team, context }) => {
    const chat = await Chat.open(context, team);
    const light = await theme(chat);
    let settings = await open(chat);
    await settings.getByText("Dark").click();
    const dark = await theme(chat);
    expect(dark).not.toBe(light);
    const recognise = () => settings.getByRole("checkbox", { name: "Recognise this browser" });
    expect(await recognise().isChecked()).toBe(false);
    await recognise().check();
    await chat.page.reload();
    await chat.connected();
    expect(await theme(chat)).toBe(dark);
    settings = await open(chat);
    expect(await recognise().isChecked()).toBe(true);
    await recognise().uncheck();
    await settings.getByText("As the device").click();
    await chat.page.reload();
    expect(await theme(chat)).toBe(light);
  });

  it("cover a phone", async ({ team, newContext }) => {
    const context = await newContext({ viewport: { width: 390, height: 780 } });
    const settings = await open(await Chat.open(context, team));
    expect(await settings.boundingBox()).toEqual({ x: 0, y: 0, width: 390, height: 780 });
  });

  it("recognise no browser that asks not to be", async ({ team, context }) => {
    const chat = await Chat.open(context, team, async (page) => {
      await page.addInitScript((key) => {
        Object.defineProperty(navigator, "globalPrivacyControl", { value: true });
        localStorage.setItem(key, "yes");
      }, `durable-sessions-page/recognised/${team.teamId}`);
    });
    const settings = await open(chat);
    const recognise = settings.getByRole("checkbox", { name: "Recognise this browser" });
    expect(await recognise.isChecked()).toBe(false);
    expect(await recognise.isDisabled()).toBe(true);
    await settings.getByText("Your browser asks sites not to recognise it").waitFor();
  });
});
