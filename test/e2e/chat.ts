// The chat page as somebody uses it: by what stands on it.
import type { BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import type { Message } from "../../src/protocol/message.ts";
import type { LocalTeam } from "../support/local-team.ts";

/** Generous: a condition that holds is noticed at once, and a slow machine is no failure. */
export const PATIENCE = { timeout: 30_000, interval: 50 };

export class Chat {
  readonly page: Page;
  /** What the browser complained about: errors of the page, and what the Content-Security-Policy refused. */
  readonly complaints: string[] = [];

  readonly #teamId: string;

  private constructor(page: Page, { teamId }: LocalTeam) {
    this.page = page;
    this.#teamId = teamId;
    page.setDefaultTimeout(PATIENCE.timeout);
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") {
        this.complaints.push(message.text());
      }
    });
  }

  /** A new tab of the browser profile `context`, connected; `prepare` has it while it is still empty. */
  static async open(
    context: BrowserContext,
    team: LocalTeam,
    prepare: (page: Page) => Promise<void> = async () => {},
  ): Promise<Chat> {
    const chat = new Chat(await context.newPage(), team);
    await prepare(chat.page);
    await chat.page.goto(team.pageUrl);
    await chat.connected();
    return chat;
  }

  /** A new tab of `context` at a link that somebody sent. */
  static async openLink(context: BrowserContext, team: LocalTeam, url: string): Promise<Chat> {
    const chat = new Chat(await context.newPage(), team);
    await chat.page.goto(url);
    return chat;
  }

  async connected(): Promise<void> {
    await expect.poll(() => this.connection(), PATIENCE).toBe("Connected");
  }

  connection(): Promise<string> {
    return this.page.getByTestId("connection").innerText();
  }

  presence(): Promise<string> {
    return this.page.getByTestId("presence").innerText();
  }

  async write(text: string): Promise<void> {
    await this.page.getByRole("textbox", { name: "Message" }).fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** The texts in the log, top to bottom. */
  texts(): Promise<string[]> {
    return this.page.getByRole("log").locator(".message-text").allInnerTexts();
  }

  /** How many messages in the log are in each state of delivery. */
  deliveries(): Promise<Record<string, number>> {
    return this.page.getByRole("log").evaluate((log) => {
      const counts: Record<string, number> = {};
      for (const message of log.querySelectorAll<HTMLElement>("[data-delivery]")) {
        const { delivery = "" } = message.dataset;
        counts[delivery] = (counts[delivery] ?? 0) + 1;
      }
      return counts;
    });
  }

  /** The answer that is being written, as far as it is here; undefined when none is. */
  async streaming(): Promise<string | undefined> {
    const [text] = await this.page.locator("[data-streaming] .markdown").allInnerTexts();
    return text;
  }

  async shows(texts: readonly string[]): Promise<void> {
    await expect.poll(() => this.texts(), PATIENCE).toEqual(texts);
  }

  async hasDelivered(count: number): Promise<void> {
    await expect.poll(() => this.deliveries(), PATIENCE).toEqual({ sent: count });
  }

  /** The id of the session that this browser profile has with the team. */
  async sessionId(): Promise<string> {
    const token = (await this.token()) ?? "";
    return token.slice(0, token.indexOf("."));
  }

  /** What opens that session; undefined where there is none. */
  async token(): Promise<string | undefined> {
    const record = await this.page.evaluate(
      (key) => localStorage.getItem(key),
      `durable-sessions/${this.#teamId}/session`,
    );
    const { token }: { token?: string } = JSON.parse(record ?? "{}");
    return token;
  }

  async end(): Promise<void> {
    await this.page.getByRole("button", { name: "End chat" }).click();
    await this.page.getByRole("dialog").getByRole("button", { name: "End chat" }).click();
  }

  hasEnded(): Promise<void> {
    return this.says("This chat has ended");
  }

  /** What stands where the composer was says so. */
  async says(title: string): Promise<void> {
    await this.page.getByRole("heading", { name: title }).waitFor();
  }

  async startNew(): Promise<void> {
    await this.page.getByRole("button", { name: "Start a new chat" }).click();
    await this.connected();
  }
}

/** Writes from the team's side, as a backend does. */
export async function writeAsTeam(
  { origin, teamKey }: LocalTeam,
  sessionId: string,
  message: { readonly role: "assistant" | "operator"; readonly content: string },
): Promise<void> {
  const response = await fetch(`${origin}/api/sessions/${sessionId}/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${teamKey}`, "content-type": "application/json" },
    body: JSON.stringify({ clientId: crypto.randomUUID(), ...message }),
  });
  expect(response.status).toBe(201);
}

/** An answer that is written from the team's side, piece by piece. */
export interface Streaming {
  write(text: string): void;
  /** Resolves to the message that it became. */
  end(): Promise<Message>;
  /** Resolves when the server has ended it by itself. */
  readonly ended: Promise<Message>;
}

export function streamAsTeam({ origin, teamKey }: LocalTeam, sessionId: string): Streaming {
  const { readable, writable } = new TransformStream<string, string>();
  const writer = writable.getWriter();
  // Whoever reads may stop before all is written.
  writer.closed.catch(() => undefined);
  const init: RequestInit & { duplex: "half" } = {
    method: "POST",
    headers: { authorization: `Bearer ${teamKey}`, "content-type": "text/plain" },
    body: readable.pipeThrough(new TextEncoderStream()),
    duplex: "half",
  };
  const path = `/api/sessions/${sessionId}/messages/stream?clientId=${crypto.randomUUID()}`;
  const ended = fetch(origin + path, init).then(async (response) => {
    expect(response.status).toBe(201);
    const { message }: { message: Message } = JSON.parse(await response.text());
    return message;
  });
  return {
    ended,
    write: (text) => void writer.write(text).catch(() => undefined),
    async end() {
      await writer.close();
      return await ended;
    },
  };
}
