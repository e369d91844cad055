// The dialog "Devices and sharing" as somebody uses it.
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { type Chat, PATIENCE } from "./chat.ts";

export class SharingDialog {
  readonly #page: Page;
  readonly #dialog: Locator;

  private constructor(page: Page) {
    this.#page = page;
    this.#dialog = page.getByRole("dialog", { name: "Devices and sharing" });
  }

  static async open({ page }: Chat): Promise<SharingDialog> {
    await page.getByRole("button", { name: "Devices and sharing" }).click();
    const dialog = new SharingDialog(page);
    await dialog.#dialog.getByTestId("device").first().waitFor();
    return dialog;
  }

  async close(): Promise<void> {
    await this.#page.keyboard.press("Escape");
    await this.#dialog.waitFor({ state: "hidden" });
  }

  /** Each device's name with its tag, this one first; the others sorted. */
  async hasDevices(devices: readonly string[]): Promise<void> {
    const shown = async () => {
      const [first = "", ...others] = await this.#dialog
        .getByTestId("device")
        .locator(".sharing-item-title")
        .allInnerTexts();
      return [first, ...others.sort()].map((text) => text.replace(/\s+/g, " ").trim());
    };
    await expect.poll(shown, PATIENCE).toEqual(devices);
  }

  /** What stands below the name of each device. */
  deviceDetails(): Promise<string[]> {
    return this.#dialog.getByTestId("device").locator(".sharing-item-text p + p").allInnerTexts();
  }

  async signOut(name: string): Promise<void> {
    await this.#dialog.getByRole("button", { name: `Sign out ${name}`, exact: true }).click();
  }

  async signOutOthers(): Promise<void> {
    await this.#dialog.getByRole("button", { name: "Sign out all others" }).click();
    await this.#dialog.getByRole("button", { name: /^Sign out \d+$/ }).click();
  }

  /** @returns the link */
  async share(role: "Read only" | "May write"): Promise<string> {
    await this.#dialog.getByRole("radio", { name: role }).check();
    await this.#dialog.getByRole("button", { name: "Make a link" }).click();
    return await this.#dialog.getByLabel("Share link").inputValue();
  }

  /** What is said of each link, in one line each. */
  async hasLinks(links: readonly (string | RegExp)[]): Promise<void> {
    const shown = async () =>
      (await this.#dialog.getByTestId("link").locator(".sharing-item-text").allInnerTexts()).map(
        (text) => text.replace(/\s+/g, " "),
      );
    const expected = links.map((link) => expect.stringMatching(link));
    await expect.poll(shown, PATIENCE).toEqual(expected);
  }

  async revokeLink(options: { readonly signOut: boolean }): Promise<void> {
    const link = this.#dialog.getByTestId("link").first();
    await link.getByRole("button", { name: "Revoke" }).click();
    await link.getByRole("checkbox", { name: "Also sign out" }).setChecked(options.signOut);
    await link.getByRole("button", { name: "Revoke the link" }).click();
  }

  /** @returns the link, which also stands there as a code */
  async handOff(): Promise<string> {
    await this.#dialog.getByRole("button", { name: "Show a link and code" }).click();
    await this.#dialog.getByRole("img", { name: "QR code" }).waitFor();
    return await this.#dialog.getByLabel("Link for another device").inputValue();
  }

  async hasHandedOver(): Promise<void> {
    await this.#dialog.getByText("is signed in now").waitFor();
  }

  focused(): Promise<boolean> {
    return this.#dialog.evaluate((dialog) => dialog.contains(document.activeElement));
  }
}
