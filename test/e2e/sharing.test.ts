import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import type { LocalServer } from "../support/server.ts";
import { startServer } from "../support/server.ts";
import { Chat, PATIENCE, writeAsTeam } from "./chat.ts";
import { SharingDialog } from "./sharing-dialog.ts";

const ANDROID =
  "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36";

let server: LocalServer;
let browser: Browser;
/** The visitor's browser, and somebody's elsewhere. */
let home: BrowserContext;
let elsewhere: BrowserContext;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});

afterAll(async () => {
  await Promise.all([browser?.close(), server?.close()]);
});

beforeEach(async () => {
  [home, elsewhere] = await Promise.all([
    browser.newContext(),
    browser.newContext({ userAgent: ANDROID, viewport: { width: 390, height: 780 } }),
  ]);
});

afterEach(async () => {
  await Promise.all([home.close(), elsewhere.close()]);
});

async function sharedChat(role: "Read only" | "May write") {
  const owner = await Chat.open(home, server);
  await owner.write("from the owner");
  const dialog = await SharingDialog.open(owner);
  const url = await dialog.share(role);
  const guest = await Chat.openLink(elsewhere, url);
  await guest.connected();
  return { owner, dialog, url, guest };
}

/** The chat on two devices, with the dialog still open on the first. */
async function handedOver() {
  const first = await Chat.open(home, server);
  await first.write("on the first");
  const dialog = await SharingDialog.open(first);
  const second = await Chat.openLink(elsewhere, await dialog.handOff());
  await second.says("Continue this chat here?");
  await second.page.getByRole("button", { name: "Continue here" }).click();
  await second.connected();
  return { first, dialog, second };
}

function storedInTab({ page }: Chat): Promise<{ token: string }> {
  return page.evaluate(() =>
    JSON.parse(sessionStorage.getItem("durable-sessions/demo/invited") ?? "{}"),
  );
}

function ownToken({ page }: Chat): Promise<string | undefined> {
  return page.evaluate(
    () => JSON.parse(localStorage.getItem("durable-sessions/demo/session") ?? "{}").token,
  );
}

describe("a share link", () => {
  it("opens the chat read-only, live, in its tab alone", async () => {
    const { owner, dialog, guest } = await sharedChat("Read only");
    await guest.shows(["from the owner"]);
    expect(guest.page.url()).toBe(`${server.origin}/`);
    await guest.page.getByText("Read only.").waitFor();
    expect(await guest.page.getByRole("textbox").count()).toBe(0);
    expect(await guest.presence()).toBe("the owner is here");
    await dialog.hasDevices(["Chrome on Linux This device", "Chrome on Android Guest, read only"]);
    await dialog.hasLinks([/^Read only Used 1 of 10 times · ends in 7 days 1 guest has access/]);
    await dialog.close();

    await owner.write("while the guest reads");
    await writeAsTeam(server, await owner.sessionId(), { role: "assistant", content: "an answer" });
    const all = ["from the owner", "while the guest reads", "an answer"];
    await guest.shows(all);
    await guest.page.reload();
    await guest.shows(all);
    expect(await guest.page.getByRole("textbox").count()).toBe(0);

    expect(await ownToken(guest)).toBeUndefined();
    const own = await Chat.open(elsewhere, server);
    expect(await own.texts()).toEqual([]);
    expect(await own.sessionId()).not.toBe(await owner.sessionId());
    for (const chat of [owner, guest, own]) {
      expect(chat.complaints).toEqual([]);
    }
  });

  it("is read-only for the server too", async () => {
    const { owner, guest } = await sharedChat("Read only");
    const { token } = await storedInTab(guest);
    const call = (method: string, path: string, body: object | undefined) =>
      fetch(`${server.origin}/api/sessions/${token.split(".")[0]}${path}`, {
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

  it("lets a guest write where it says so", async () => {
    const { owner, dialog, guest } = await sharedChat("May write");
    await dialog.close();
    await guest.page.getByText("You are a guest.").waitFor();
    await guest.write("from the guest");
    await owner.shows(["from the owner", "from the guest"]);
    await guest.shows(["from the owner", "from the guest"]);
    expect(await guest.page.getByRole("button", { name: "Devices and sharing" }).count()).toBe(0);
    expect(await guest.page.getByRole("button", { name: "End chat" }).count()).toBe(0);
  });

  it("that is revoked shuts out who came in by it, and says so", async () => {
    const { owner, dialog, url, guest } = await sharedChat("Read only");
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

    const late = await Chat.openLink(elsewhere, url);
    await late.says("This link has ended");
    await late.page.getByRole("button", { name: "Open your own chat" }).click();
    await late.connected();
    await late.write("mine");
    await late.shows(["mine"]);
    expect(await owner.texts()).toEqual(["from the owner", "among ourselves"]);
  });

  it("can be revoked for others only", async () => {
    const { owner, dialog, url, guest } = await sharedChat("Read only");
    await dialog.revokeLink({ signOut: false });
    await (await Chat.openLink(elsewhere, url)).says("This link has ended");
    await dialog.close();
    await owner.write("still among us");
    await guest.shows(["from the owner", "still among us"]);
  });

  it("is taken by a tab that shows the browser's own chat", async () => {
    const owner = await Chat.open(home, server);
    await owner.write("from the owner");
    const url = await (await SharingDialog.open(owner)).share("Read only");
    const guest = await Chat.open(elsewhere, server);
    await guest.write("of its own");
    await guest.page.goto(url);
    await guest.shows(["from the owner"]);
    expect(guest.page.url()).toBe(`${server.origin}/`);
    await guest.page.getByRole("button", { name: "Open your own chat" }).click();
    await guest.shows(["of its own"]);
  });
});

describe("a hand-off", () => {
  it("gives the session to another browser, and both own it", async () => {
    const { first, dialog, second } = await handedOver();
    expect(second.page.url()).toBe(`${server.origin}/`);
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

  it.each(["signOut", "signOutOthers"] as const)("ends for the other with %s", async (how) => {
    const { first, dialog, second } = await handedOver();
    await second.shows(["on the first"]);
    await dialog[how]("Chrome on Android");
    await dialog.hasDevices(["Chrome on Linux This device"]);
    await second.says("This chat is no longer here");
    expect(await second.texts()).toEqual([]);
    await dialog.close();
    expect(await first.connection()).toBe("Connected");
    await second.startNew();
    expect(await second.sessionId()).not.toBe(await first.sessionId());
  });

  it("rotates the key first where the server wants a young one, and no tab is lost", async () => {
    const first = await Chat.open(home, server);
    const second = await Chat.open(home, server);
    const before = await ownToken(first);
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
    expect(await ownToken(first)).not.toBe(before);
    await second.page.reload();
    await second.connected();
    await second.write("with the new key");
    await first.shows(["with the new key"]);
    await first.write("and here");
    await second.shows(["with the new key", "and here"]);
  });

  it("asks before it replaces the browser's own chat, in all its tabs", async () => {
    const first = await Chat.open(home, server);
    await first.write("on the first");
    const dialog = await SharingDialog.open(first);
    const other = await Chat.open(elsewhere, server);
    await other.write("of its own");
    const ownBefore = await ownToken(other);
    const asked = await Chat.openLink(elsewhere, await dialog.handOff());
    await asked.says("Continue this chat here?");
    await asked.page.getByText("This browser has a chat of its own").waitFor();
    expect(await ownToken(asked)).toBe(ownBefore);
    await asked.page.reload();
    await asked.says("Continue this chat here?");
    await asked.page.getByRole("button", { name: "Continue here" }).click();
    await asked.shows(["on the first"]);
    await other.shows(["on the first"]);
    await other.write("in the new one");
    await first.shows(["on the first", "in the new one"]);
  });

  it("that is declined leaves everything as it was, and is used up", async () => {
    const first = await Chat.open(home, server);
    const dialog = await SharingDialog.open(first);
    const url = await dialog.handOff();
    const own = await Chat.open(elsewhere, server);
    await own.write("of its own");
    const asked = await Chat.openLink(elsewhere, url);
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
    await (await Chat.openLink(elsewhere, url)).says("This link has ended");
  });
});

describe("the dialog", () => {
  it("is used by keyboard, and gives the focus back", async () => {
    const chat = await Chat.open(home, server);
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

  it("says when nothing can be loaded, and tries again", async () => {
    const chat = await Chat.open(home, server);
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
