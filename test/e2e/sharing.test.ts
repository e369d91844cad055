import type { BrowserContext } from "playwright-core";
import { describe, expect } from "vitest";
import { it as productIt } from "../support/e2e.ts";
import type { LocalTeam } from "../support/local-team.ts";
import { Chat, PATIENCE, writeAsTeam } from "./chat.ts";
import { SharingDialog } from "./sharing-dialog.ts";

const ANDROID =
  "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36";

/** The visitor's browser, and somebody's elsewhere, with a chat of the team. */
const it = productIt
  .extend("home", ({ newContext }) => newContext())
  .extend("elsewhere", ({ newContext }) =>
    newContext({ userAgent: ANDROID, viewport: { width: 390, height: 780 } }),
  )
  .extend("places", ({ team, home, elsewhere }): Places => ({ team, home, elsewhere }));

interface Places {
  readonly team: LocalTeam;
  readonly home: BrowserContext;
  readonly elsewhere: BrowserContext;
}

async function sharedChat({ team, home, elsewhere }: Places, role: "Read only" | "May write") {
  const owner = await Chat.open(home, team);
  await owner.write("from the owner");
  const dialog = await SharingDialog.open(owner);
  const url = await dialog.share(role);
  const guest = await Chat.openLink(elsewhere, team, url);
  await guest.connected();
  return { owner, dialog, url, guest };
}

/** The chat on two devices, with the dialog still open on the first. */
async function handedOver({ team, home, elsewhere }: Places) {
  const first = await Chat.open(home, team);
  await first.write("on the first");
  const dialog = await SharingDialog.open(first);
  const second = await Chat.openLink(elsewhere, team, await dialog.handOff());
  await second.says("Continue this chat here?");
  await second.page.getByRole("button", { name: "Continue here" }).click();
  await second.connected();
  return { first, dialog, second };
}

function storedInTab({ page }: Chat, { teamId }: LocalTeam): Promise<{ token: string }> {
  return page.evaluate(
    (key) => JSON.parse(sessionStorage.getItem(key) ?? "{}"),
    `durable-sessions/${teamId}/invited`,
  );
}

describe("a share link", () => {
  it("opens the chat read-only, live, in its tab alone", async ({ places, team, elsewhere }) => {
    const { owner, dialog, guest } = await sharedChat(places, "Read only");
    await guest.shows(["from the owner"]);
    expect(guest.page.url()).toBe(team.pageUrl);
    await guest.page.getByText("Read only.").waitFor();
    expect(await guest.page.getByRole("textbox").count()).toBe(0);
    expect(await guest.presence()).toBe("the owner is here");
    await dialog.hasDevices(["Chrome on Linux This device", "Chrome on Android Guest, read only"]);
    await dialog.hasLinks([/^Read only Used 1 of 10 times · ends in 7 days 1 guest has access/]);
    await dialog.close();

    await owner.write("while the guest reads");
    await writeAsTeam(team, await owner.sessionId(), { role: "assistant", content: "an answer" });
    const all = ["from the owner", "while the guest reads", "an answer"];
    await guest.shows(all);
    await guest.page.reload();
    await guest.shows(all);
    expect(await guest.page.getByRole("textbox").count()).toBe(0);

    expect(await guest.token()).toBeUndefined();
    const own = await Chat.open(elsewhere, team);
    expect(await own.texts()).toEqual([]);
    expect(await own.sessionId()).not.toBe(await owner.sessionId());
    for (const chat of [owner, guest, own]) {
      expect(chat.complaints).toEqual([]);
    }
  });

  it("is read-only for the server too", async ({ places, team }) => {
    const { owner, guest } = await sharedChat(places, "Read only");
    const { token } = await storedInTab(guest, team);
    const call = (method: string, path: string, body: object | undefined) =>
      fetch(`${team.origin}/api/sessions/${token.split(".")[0]}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: body === undefined ? null : JSON.stringify(body),
      });
    expect((await call("GET", "/messages", undefined)).status).toBe(200);
    const refused = await Promise.all([
      call("POST", "/messages", { clientId: "from-a-reader", content: "not mine to write" }),
      call("POST", "/invites", { role: "reader" }),
      call("GET", "/devices", undefined),
      call("DELETE", "", undefined),
    ]);
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    expect(await owner.texts()).toEqual(["from the owner"]);
  });

  it("lets a guest write where it says so", async ({ places }) => {
    const { owner, dialog, guest } = await sharedChat(places, "May write");
    await dialog.close();
    await guest.page.getByText("You are a guest.").waitFor();
    await guest.write("from the guest");
    await owner.shows(["from the owner", "from the guest"]);
    await guest.shows(["from the owner", "from the guest"]);
    expect(await guest.page.getByRole("button", { name: "Devices and sharing" }).count()).toBe(0);
    expect(await guest.page.getByRole("button", { name: "End chat" }).count()).toBe(0);
  });

  it("that is revoked shuts out who came in by it, and says so", async ({
    places,
    team,
    elsewhere,
  }) => {
    const { owner, dialog, url, guest } = await sharedChat(places, "Read only");
    await guest.shows(["from the owner"]);
    await dialog.revokeLink({ signOut: true });
    await dialog.hasLinks([]);
    await dialog.hasDevices(["Chrome on Linux This device"]);
    expect(await dialog.focused()).toBe(true);
    await guest.says("Your access has ended");
    expect(await guest.texts()).toEqual([]);
    await dialog.close();
    await owner.write("among ourselves");
    await owner.hasDelivered(2);
    await guest.page.reload();
    await guest.says("Your access has ended");
    expect(await guest.texts()).toEqual([]);

    const late = await Chat.openLink(elsewhere, team, url);
    await late.says("This link has ended");
    await late.page.getByRole("button", { name: "Open your own chat" }).click();
    await late.connected();
    await late.write("mine");
    await late.shows(["mine"]);
    expect(await owner.texts()).toEqual(["from the owner", "among ourselves"]);
  });

  it("can be revoked for others only", async ({ places, team, elsewhere }) => {
    const { owner, dialog, url, guest } = await sharedChat(places, "Read only");
    await dialog.revokeLink({ signOut: false });
    await (await Chat.openLink(elsewhere, team, url)).says("This link has ended");
    await dialog.close();
    await owner.write("still among us");
    await guest.shows(["from the owner", "still among us"]);
  });

  it("is taken by a tab that shows the browser's own chat", async ({ team, home, elsewhere }) => {
    const owner = await Chat.open(home, team);
    await owner.write("from the owner");
    const url = await (await SharingDialog.open(owner)).share("Read only");
    const guest = await Chat.open(elsewhere, team);
    await guest.write("of its own");
    await guest.page.goto(url);
    await guest.shows(["from the owner"]);
    expect(guest.page.url()).toBe(team.pageUrl);
    await guest.page.getByRole("button", { name: "Open your own chat" }).click();
    await guest.shows(["of its own"]);
  });
});

describe("a hand-off", () => {
  it("gives the session to another browser, and both own it", async ({ places, team }) => {
    const { first, dialog, second } = await handedOver(places);
    expect(second.page.url()).toBe(team.pageUrl);
    await dialog.hasHandedOver();
    await dialog.hasDevices(["Chrome on Linux This device", "Chrome on Android"]);
    for (const details of await dialog.deviceDetails()) {
      expect(details).toMatch(/connected now/i);
    }
    await dialog.close();
    expect(await second.sessionId()).toBe(await first.sessionId());
    await second.write("on the second");
    await first.shows(["on the first", "on the second"]);
    await first.write("and again");
    await second.shows(["on the first", "on the second", "and again"]);
    await second.page.reload();
    await second.shows(["on the first", "on the second", "and again"]);
    await (await SharingDialog.open(second)).hasDevices([
      "Chrome on Android This device",
      "Chrome on Linux",
    ]);
    for (const chat of [first, second]) {
      expect(chat.complaints).toEqual([]);
    }
  });

  it.for(["signOut", "signOutOthers"] as const)(
    "ends for the other with %s",
    async (how, { places }) => {
      const { first, dialog, second } = await handedOver(places);
      await second.shows(["on the first"]);
      await dialog[how]("Chrome on Android");
      await dialog.hasDevices(["Chrome on Linux This device"]);
      await second.says("This chat is no longer here");
      expect(await second.texts()).toEqual([]);
      await dialog.close();
      expect(await first.connection()).toBe("Connected");
      await second.startNew();
      expect(await second.sessionId()).not.toBe(await first.sessionId());
    },
  );

  it("rotates the key first where the server wants a young one, and no tab is lost", async ({
    team,
    home,
  }) => {
    const first = await Chat.open(home, team);
    const second = await Chat.open(home, team);
    const before = await first.token();
    let refused = false;
    await first.page.route(/\/invites$/, async (route) => {
      if (refused || route.request().method() !== "POST") {
        await route.continue();
        return;
      }
      refused = true;
      await route.fulfill({
        status: 403,
        contentType: "application/problem+json",
        body: JSON.stringify({ code: "fresh_credential_needed" }),
      });
    });
    const dialog = await SharingDialog.open(first);
    await dialog.handOff();
    await dialog.close();
    expect(await first.token()).not.toBe(before);
    await second.page.reload();
    await second.connected();
    await second.write("with the new key");
    await first.shows(["with the new key"]);
    await first.write("and here");
    await second.shows(["with the new key", "and here"]);
  });

  it("asks before it replaces the browser's own chat, in all its tabs", async ({
    team,
    home,
    elsewhere,
  }) => {
    const first = await Chat.open(home, team);
    await first.write("on the first");
    const dialog = await SharingDialog.open(first);
    const other = await Chat.open(elsewhere, team);
    await other.write("of its own");
    const ownBefore = await other.token();
    const asked = await Chat.openLink(elsewhere, team, await dialog.handOff());
    await asked.says("Continue this chat here?");
    await asked.page.getByText("This browser has a chat of its own").waitFor();
    expect(await asked.token()).toBe(ownBefore);
    await asked.page.reload();
    await asked.says("Continue this chat here?");
    await asked.page.getByRole("button", { name: "Continue here" }).click();
    await asked.shows(["on the first"]);
    await other.shows(["on the first"]);
    await other.write("in the new one");
    await first.shows(["on the first", "in the new one"]);
  });

  it("that is declined leaves everything as it was, and is used up", async ({
    team,
    home,
    elsewhere,
  }) => {
    const first = await Chat.open(home, team);
    const dialog = await SharingDialog.open(first);
    const url = await dialog.handOff();
    const own = await Chat.open(elsewhere, team);
    await own.write("of its own");
    const asked = await Chat.openLink(elsewhere, team, url);
    await asked.page.getByRole("button", { name: "Keep the chat I have" }).click();
    await asked.shows(["of its own"]);
    await dialog.close();
    await expect
      .poll(async () => {
        const again = await SharingDialog.open(first);
        const details = await again.deviceDetails();
        await again.close();
        return details.length;
      }, PATIENCE)
      .toBe(1);
    await (await Chat.openLink(elsewhere, team, url)).says("This link has ended");
  });
});

describe("the dialog", () => {
  it("is used by keyboard, and gives the focus back", async ({ team, home }) => {
    const chat = await Chat.open(home, team);
    const button = chat.page.getByRole("button", { name: "Devices and sharing" });
    await button.focus();
    await chat.page.keyboard.press("Enter");
    await chat.page.getByTestId("device").waitFor();
    const names: string[] = [];
    for (let presses = 0; presses < 6; presses += 1) {
      await chat.page.keyboard.press("Tab");
      names.push(
        await chat.page.evaluate(() => {
          const focused = document.activeElement;
          return focused?.getAttribute("aria-label") ?? focused?.parentElement?.textContent ?? "";
        }),
      );
    }
    expect(names[0]).toBe("Close");
    expect(names.join()).toContain("Read only");
    await chat.page.keyboard.press("Escape");
    await expect
      .poll(() => button.evaluate((element) => element === document.activeElement), PATIENCE)
      .toBe(true);
  });

  it("says when nothing can be loaded, and tries again", async ({ team, home }) => {
    const chat = await Chat.open(home, team);
    let refuse = true;
    await chat.page.route(/\/devices$/, (route) => (refuse ? route.abort() : route.continue()));
    await chat.page.getByRole("button", { name: "Devices and sharing" }).click();
    await chat.page.getByText("The devices could not be loaded.").waitFor();
    refuse = false;
    await chat.page.getByRole("button", { name: "Try again" }).click();
    await chat.page.getByTestId("device").waitFor();
    expect(await chat.page.getByText("could not be loaded").count()).toBe(0);
  });
});
