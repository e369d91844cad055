// The operator's page as somebody uses it: by what stands on it.
import type { BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import type { LocalTeam } from "../support/local-team.ts";
import { PATIENCE } from "./chat.ts";

export class Inbox {
  readonly page: Page;
  /** What the browser complained about. */
  readonly complaints: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(PATIENCE.timeout);
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") {
        this.complaints.push(message.text());
      }
    });
  }

  /** By the link that the server prints, with one session open. */
  static async open(
    context: BrowserContext,
    { operatorUrl }: LocalTeam,
    sessionId: string,
  ): Promise<Inbox> {
    const inbox = new Inbox(await context.newPage());
    await inbox.page.goto(operatorUrl);
    await inbox.page.getByRole("link").filter({ hasText: sessionId }).click();
    await inbox.connected();
    return inbox;
  }

  async connected(): Promise<void> {
    await expect
      .poll(() => this.page.getByTestId("connection").innerText(), PATIENCE)
      .toBe("Connected");
  }

  async write(text: string): Promise<void> {
    await this.page.getByRole("textbox", { name: "Message" }).fill(text);
    await this.page.keyboard.press("Enter");
  }

  async press(name: string): Promise<void> {
    await this.page.getByRole("button", { name }).click();
  }

  async says(text: string): Promise<void> {
    await this.page.getByText(text, { exact: true }).waitFor();
  }

  texts(): Promise<string[]> {
    return this.page.getByRole("log").locator(".message-text").allInnerTexts();
  }
}
