/** Files on the pages, in a real browser: chosen, dropped and pasted, seen elsewhere, refused, and broken off. */
import { readFile } from "node:fs/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import type { LocalServer } from "../support/server.ts";
import { startServer } from "../support/server.ts";
import { Chat, PATIENCE } from "./chat.ts";
import { choose, chosenFiles, png, shownImages, text } from "./files.ts";
import { Inbox } from "./inbox.ts";
import { violations } from "./violations.ts";

let server: LocalServer;
let browser: Browser;
let context: BrowserContext;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});

afterAll(async () => {
  await Promise.all([browser?.close(), server?.close()]);
});

beforeEach(async () => {
  context = await browser.newContext();
});

afterEach(async () => {
  await context?.close();
});

const send = (page: Page) => page.getByRole("button", { name: "Send", exact: true }).click();

/** Puts files on the page as a hand does that lets go of them, or of Ctrl and V. */
async function give(page: Page, how: "drop" | "paste", name: string): Promise<void> {
  await page.evaluate(
    ([event, fileName]) => {
      const data = new DataTransfer();
      data.items.add(new File(["words of a file"], fileName, { type: "text/plain" }));
      const field = document.querySelector("textarea");
      if (event === "paste") {
        field?.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
      } else {
        for (const type of ["dragenter", "dragover", "drop"]) {
          field?.dispatchEvent(
            new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }),
          );
        }
      }
    },
    [how, name] as const,
  );
}

describe("a file", () => {
  it("is seen in the other tab, opened large, and kept as it was", async () => {
    const [writer, reader] = [await Chat.open(context, server), await Chat.open(context, server)];
    const letter = text("a letter.txt", "Dear all\n");
    await choose(writer.page, png("photo.png"), letter);
    await expect.poll(() => chosenFiles(writer.page).count(), PATIENCE).toBe(2);
    await writer.write("look at this");
    await writer.hasDelivered(1);
    for (const { page } of [writer, reader]) {
      await expect.poll(() => shownImages(page), PATIENCE).toEqual(["photo.png"]);
      expect(
        await page.getByRole("button", { name: /Download a letter.txt/ }).innerText(),
      ).toContain("9 byte");
    }
    expect(await chosenFiles(writer.page).count()).toBe(0);
    const downloading = reader.page.waitForEvent("download");
    await reader.page.getByRole("button", { name: /Download a letter.txt/ }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe("a letter.txt");
    expect(await readFile(await download.path())).toEqual(letter.buffer);

    await reader.page.getByRole("button", { name: "photo.png" }).click();
    const large = reader.page.getByRole("dialog", { name: "photo.png" });
    await expect
      .poll(
        () => large.getByRole("img").evaluate((image: HTMLImageElement) => image.naturalWidth),
        PATIENCE,
      )
      .toBe(400);
    expect(await violations(reader.page)).toEqual([]);
    await reader.page.keyboard.press("Escape");
    await large.waitFor({ state: "detached" });
    await reader.page.reload();
    await expect.poll(() => shownImages(reader.page), PATIENCE).toEqual(["photo.png"]);
    expect([...writer.complaints, ...reader.complaints]).toEqual([]);
  });

  it("may come without a word, dropped or pasted", async () => {
    const chat = await Chat.open(context, server);
    await give(chat.page, "drop", "dropped.txt");
    await give(chat.page, "paste", "pasted.txt");
    await expect
      .poll(() => chosenFiles(chat.page).locator(".attachment-name").allInnerTexts(), PATIENCE)
      .toEqual(["dropped.txt", "pasted.txt"]);
    await send(chat.page);
    await chat.hasDelivered(1);
    const files = chat.page.getByRole("list", { name: "Files", exact: true }).getByRole("listitem");
    expect(await files.count()).toBe(2);
    expect(await chat.texts()).toEqual([]);
  });

  it("that was chosen by mistake does not go", async () => {
    const chat = await Chat.open(context, server);
    await choose(chat.page, text("wrong.txt", "x"), text("right.txt", "x"));
    await chat.page.getByRole("button", { name: "Remove wrong.txt" }).click();
    await send(chat.page);
    await chat.hasDelivered(1);
    expect(await chat.page.getByRole("log").locator(".attachment-name").allInnerTexts()).toEqual([
      "right.txt",
    ]);
  });

  it("of a kind that is not taken says so, whatever it calls itself", async () => {
    const chat = await Chat.open(context, server);
    await choose(chat.page, { ...text("run.exe", "MZ"), mimeType: "application/x-msdownload" });
    const alert = chosenFiles(chat.page).getByRole("alert");
    await expect.poll(() => alert.innerText(), PATIENCE).toBe("Files of this type are not taken");
    expect(await chat.page.getByRole("button", { name: "Send", exact: true }).isDisabled()).toBe(
      true,
    );
    expect(await violations(chat.page)).toEqual([]);
    await chat.page.getByRole("button", { name: "Remove run.exe" }).click();
    await choose(chat.page, {
      ...text("fake.png", "<svg onload=alert(1)>"),
      mimeType: "image/png",
    });
    await expect.poll(() => alert.innerText(), PATIENCE).toBe("Files of this type are not taken");
  });

  it("goes from the team to the visitor, and back", async () => {
    const chat = await Chat.open(context, server);
    await chat.write("hello");
    await chat.hasDelivered(1);
    const inbox = await Inbox.open(context, server, await chat.sessionId());
    await choose(inbox.page, png("manual.png"));
    await inbox.write("see here");
    await expect.poll(() => shownImages(chat.page), PATIENCE).toEqual(["manual.png"]);
    await choose(chat.page, png("mine.png", { width: 300 }));
    await send(chat.page);
    await expect.poll(() => shownImages(inbox.page), PATIENCE).toEqual(["manual.png", "mine.png"]);
    await inbox.page.getByRole("button", { name: "mine.png" }).click();
    await inbox.page.getByRole("dialog", { name: "mine.png" }).waitFor();
    expect(await violations(inbox.page)).toEqual([]);
    expect([...inbox.complaints, ...chat.complaints]).toEqual([]);
  });
});

describe("an upload that takes its time", () => {
  /** So that there is a middle to break it off in. */
  async function slowly(page: Page, bytesPerSecond: number): Promise<void> {
    const session = await context.newCDPSession(page);
    await session.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: bytesPerSecond,
    });
  }

  const progress = ({ page }: Chat) =>
    page
      .getByRole("log")
      .getByRole("progressbar")
      .evaluate((bar: HTMLProgressElement) => bar.value);

  it("shows how far it is, and is taken back", async () => {
    const chat = await Chat.open(context, server);
    await slowly(chat.page, 100_000);
    await choose(chat.page, png("large.png", { padding: 2_000_000 }));
    await chosenFiles(chat.page).getByRole("progressbar").waitFor();
    await chat.write("it is large");
    await expect.poll(() => progress(chat), PATIENCE).toBeGreaterThan(0.05);
    expect(await violations(chat.page)).toEqual([]);
    await chat.page.getByRole("button", { name: "Cancel large.png" }).click();
    await chat.write("never mind");
    await chat.shows(["never mind"]);
    await chat.hasDelivered(1);
  });

  it("goes on when the server was killed in the middle", async () => {
    const [writer, reader] = [await Chat.open(context, server), await Chat.open(context, server)];
    await slowly(writer.page, 400_000);
    await choose(writer.page, png("large.png", { padding: 4_000_000 }));
    await writer.write("with a picture");
    await writer.write("and after it");
    await expect.poll(() => progress(writer), PATIENCE).toBeGreaterThan(0.2);
    await server.kill();
    await expect.poll(() => writer.connection(), PATIENCE).toBe("Reconnecting…");
    await server.start();
    await Promise.all([writer.connected(), reader.connected()]);
    await slowly(writer.page, -1);
    // The server keeps the file's place for a minute, in case the first attempt is still under way.
    const patience = { ...PATIENCE, timeout: 150_000 };
    await expect.poll(() => writer.deliveries(), patience).toEqual({ sent: 2 });
    for (const chat of [writer, reader]) {
      await expect
        .poll(async () => (await chat.texts()).toSorted(), PATIENCE)
        .toEqual(["and after it", "with a picture"]);
      await expect.poll(() => shownImages(chat.page), PATIENCE).toEqual(["large.png"]);
    }
  }, 300_000);
});
