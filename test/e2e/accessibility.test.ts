/** axe on every page and state, in both themes, on a desktop and on a phone: nothing that shuts somebody out. */
import type { BrowserContextOptions } from "playwright-core";
import { describe, expect } from "vitest";
import { Chat, writeAsTeam } from "./chat.ts";
import { it, LISTENING, Widget } from "./host-site.ts";
import { Inbox } from "./inbox.ts";
import { SharingDialog } from "./sharing-dialog.ts";
import { violations } from "./violations.ts";

const DESKTOP = { viewport: { width: 1200, height: 800 } };
const PHONE = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true };

const DEVICES: readonly (readonly [string, BrowserContextOptions])[] = [
  ["a desktop", DESKTOP],
  ["a phone", PHONE],
];

const ANSWER = `## It left **yesterday**

- one box, see [the tracker](https://a.example/x)
- \`code\` and ~~none~~

> quoted

| a | b |
| - | - |
| 1 | 2 |

\`\`\`
long(); code(); lines(); that(); do(); not(); fit(); into(); any(); phone(); nor(); into(); most(); others();
\`\`\``;

describe.each(DEVICES)("on %s", (_name, device) => {
  it("the chat is open to all, from the first word to the last", async ({ team, newContext }) => {
    const context = await newContext(device);
    const chat = await Chat.open(context, team);
    const { page } = chat;
    await page.getByRole("heading", { name: "How can we help?" }).waitFor();
    expect(await violations(page)).toEqual([]);

    await chat.write("a question");
    await chat.hasDelivered(1);
    const sessionId = await chat.sessionId();
    await writeAsTeam(team, sessionId, { role: "assistant", content: ANSWER });
    await writeAsTeam(team, sessionId, { role: "operator", content: "And a person." });
    await page.getByText("And a person.").first().waitFor();
    expect(await violations(page)).toEqual([]);

    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByRole("dialog", { name: "Settings" }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");

    await context.setOffline(true);
    await chat.write("a word that waits");
    await page.getByTestId("cut-off").waitFor();
    expect(await violations(page)).toEqual([]);
    await context.setOffline(false);
    await chat.connected();

    await page.getByRole("button", { name: "End chat" }).click();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("dialog").getByRole("button", { name: "End chat" }).click();
    await chat.hasEnded();
    expect(await violations(page)).toEqual([]);
  });

  it("so is what is shared, and what is handed over", async ({ team, newContext }) => {
    const context = await newContext(device);
    const chat = await Chat.open(context, team);
    await chat.write("for others, too");
    const dialog = await SharingDialog.open(chat);
    const link = await dialog.share("Read only");
    const handOff = await dialog.handOff();
    expect(await violations(chat.page)).toEqual([]);

    const elsewhere = await newContext(device);
    const guest = await Chat.openLink(elsewhere, team, link);
    await guest.connected();
    expect(await violations(guest.page)).toEqual([]);
    const other = await Chat.openLink(elsewhere, team, handOff);
    await other.says("Continue this chat here?");
    expect(await violations(other.page)).toEqual([]);
  });

  it("so is the widget, and it leaves the page as it was", async ({ site, team, newContext }) => {
    const context = await newContext(device);
    site.page("/", team, { head: LISTENING, attributes: 'data-label="Ask us"' });
    const widget = await Widget.visit(context, `${site.origin}/`);
    expect(await violations(widget.page)).toEqual([]);
    await widget.open();
    await widget.write("a question");
    await widget.hears("message", [{ role: "user", seq: 1 }]);
    expect(await violations(widget.page)).toEqual([]);
    expect(await violations(widget.frame!)).toEqual([]);
  });

  it("so is the team's side", async ({ team, newContext }) => {
    const context = await newContext(device);
    const chat = await Chat.open(context, team);
    await chat.write("a question");
    await chat.hasDelivered(1);
    const inbox = await Inbox.open(context, team, await chat.sessionId());
    await inbox.write("an answer");
    await chat.shows(["a question", "an answer"]);
    expect(await violations(inbox.page)).toEqual([]);
    const signedOut = await context.newPage();
    await signedOut.goto(`${team.origin}/dashboard`);
    await signedOut.getByRole("heading", { name: "You are not signed in" }).waitFor();
    expect(await violations(signedOut)).toEqual([]);
  });
});
