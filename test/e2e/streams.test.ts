/** Streamed answers over real connections: producers that die, readers who stop them, and a server that is killed. */
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { json } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { expect } from "vitest";
import type { DownFrame } from "../../src/protocol/frames.ts";
import { STREAM_STORE_INTERVAL_MS } from "../../src/protocol/limits.ts";
import type { Message } from "../../src/protocol/message.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { it } from "../support/e2e.ts";
import type { LocalTeam } from "../support/local-team.ts";

async function newChat({ origin, teamId, teamKey }: LocalTeam): Promise<SessionWithToken> {
  const response = await fetch(`${origin}/api/sessions/create`, {
    method: "POST",
    headers: { Authorization: `Bearer ${teamKey}`, "Content-Type": "application/json" },
    body: JSON.stringify({ teamId }),
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as SessionWithToken;
}

/** One tab: what it shows of the answer that is being written, and the messages that it has. */
class Tab {
  readonly messages: Message[] = [];
  readonly socket: WebSocket;
  messageId = "";
  shown = "";
  /** What it showed, and when. */
  readonly past: { readonly at: number; readonly length: number }[] = [];
  isSynced = false;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(String(data)) as DownFrame);
  }

  static async open({ origin }: LocalTeam, { session, ticket }: SessionWithToken): Promise<Tab> {
    const url = `${origin.replace("http", "ws")}/api/sessions/${session.id}/socket`;
    const tab = new Tab(new WebSocket(url, ["ds.v1", `ds.ticket.${ticket}`]));
    await expect.poll(() => tab.isSynced, { timeout: 30_000 }).toBe(true);
    return tab;
  }

  #receive(frame: DownFrame): void {
    if (frame.type === "synced") this.isSynced = true;
    if (frame.type === "delta") {
      this.messageId = frame.messageId;
      this.shown = this.shown.slice(0, frame.offset) + frame.text;
      this.past.push({ at: Date.now(), length: this.shown.length });
    }
    if (frame.type === "messages") {
      this.messages.push(...frame.messages);
      this.socket.send(JSON.stringify({ type: "received", seq: frame.to }));
    }
  }
}

/** A request whose body is written while it is under way. */
function streamed({ origin, teamKey }: LocalTeam, { session }: SessionWithToken): ClientRequest {
  const clientId = crypto.randomUUID();
  const sent = request(
    `${origin}/api/sessions/${session.id}/messages/stream?clientId=${clientId}`,
    {
      method: "POST",
      headers: { Authorization: `Bearer ${teamKey}`, "Content-Type": "text/plain" },
    },
  );
  // What it is cut off by is the test's own doing.
  sent.on("error", () => undefined);
  return sent;
}

async function answerOf(sent: ClientRequest): Promise<{ status: number; message: Message }> {
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const { message } = (await json(response)) as { message: Message };
  return { status: response.statusCode ?? 0, message };
}

const PATIENCE = { timeout: 20_000, interval: 20 };

it("an answer is shown as it comes, and is a message in the end", async ({ team }) => {
  const chat = await newChat(team);
  const tab = await Tab.open(team, chat);
  const sent = streamed(team, chat);
  sent.write("We ship ");
  await expect.poll(() => tab.shown, PATIENCE).toBe("We ship ");
  const answered = answerOf(sent);
  sent.end("to Norway.");
  const { status, message } = await answered;
  expect([status, message.content]).toEqual([201, "We ship to Norway."]);
  await expect.poll(() => tab.messages, PATIENCE).toEqual([message]);
});

it("of a producer that dies, what came is stored and marked", async ({ team }) => {
  const chat = await newChat(team);
  const tab = await Tab.open(team, chat);
  const sent = streamed(team, chat);
  sent.write("We ship ");
  await expect.poll(() => tab.shown, PATIENCE).toBe("We ship ");
  sent.destroy();
  await expect.poll(() => tab.messages.length, PATIENCE).toBe(1);
  expect(tab.messages).toMatchObject([
    { id: tab.messageId, content: "We ship ", metadata: { incomplete: true } },
  ]);
});

it("a producer whose answer a reader stops is told at once", async ({ team }) => {
  const chat = await newChat(team);
  const tab = await Tab.open(team, chat);
  const sent = streamed(team, chat);
  sent.write("We ship ");
  await expect.poll(() => tab.shown, PATIENCE).toBe("We ship ");
  const answered = answerOf(sent);
  tab.socket.send(JSON.stringify({ type: "cancel", messageId: tab.messageId }));
  const { status, message } = await answered;
  expect(status).toBe(201);
  expect(message).toMatchObject({
    content: "We ship ",
    metadata: { incomplete: true, cancelled: true },
  });
  sent.destroy();
});

it("50 answers to 20 tabs each, and the server is killed in the middle", async ({ ownServer }) => {
  const chats: SessionWithToken[] = [];
  const tabsOf: Tab[][] = [];
  for (let count = 0; count < 50; count++) {
    const chat = await newChat(ownServer);
    chats.push(chat);
    tabsOf.push(await Promise.all(Array.from({ length: 20 }, () => Tab.open(ownServer, chat))));
  }
  let isKilled = false;
  const said = chats.map(() => "");
  const speaking = chats.map(async (chat, index) => {
    const sent = streamed(ownServer, chat);
    for (let word = 0; !isKilled; word++) {
      said[index] += `word ${word} `;
      sent.write(`word ${word} `);
      await wait(50);
    }
    sent.destroy();
  });
  // Every tab shows something that is old enough to be stored.
  const isShownLong = (tab: Tab) =>
    (tab.past.find(({ length }) => length > 0)?.at ?? Number.POSITIVE_INFINITY) <
    Date.now() - 3 * STREAM_STORE_INTERVAL_MS;
  await expect
    .poll(() => tabsOf.every((tabs) => tabs.every(isShownLong)), { timeout: 60_000, interval: 100 })
    .toBe(true);
  const killedAt = Date.now();
  await ownServer.kill();
  isKilled = true;
  await Promise.all(speaking);
  await ownServer.start();

  for (const [index, chat] of chats.entries()) {
    const path = `${ownServer.origin}/api/sessions/${chat.session.id}/validate`;
    const headers = { Authorization: `Bearer ${chat.token}` };
    const validated = await fetch(path, { headers });
    const { ticket } = (await validated.json()) as { ticket: string };
    const again = await Promise.all(
      Array.from({ length: 20 }, () => Tab.open(ownServer, { ...chat, ticket })),
    );
    await expect.poll(() => again.every((tab) => tab.messages.length === 1), PATIENCE).toBe(true);
    const [message] = again[0]?.messages ?? [];
    for (const tab of again) {
      expect(tab.messages).toEqual([message]);
      expect(tab.shown).toBe("");
    }
    expect(message?.metadata).toEqual({ incomplete: true });
    const content = message?.content ?? "";
    expect(said[index]?.startsWith(content)).toBe(true);
    for (const tab of tabsOf[index] ?? []) {
      expect(said[index]?.startsWith(tab.shown)).toBe(true);
      expect(message?.id).toBe(tab.messageId);
      // The second that may be lost, and another in which a busy machine is late with it.
      const settled = tab.past.findLast(({ at }) => at < killedAt - 2 * STREAM_STORE_INTERVAL_MS);
      expect(settled?.length).toBeGreaterThan(0);
      expect(content.length).toBeGreaterThanOrEqual(settled?.length ?? 0);
    }
    for (const tab of again) tab.socket.close();
  }
}, 240_000);
