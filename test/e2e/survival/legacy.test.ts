// Conversations that an older program left in the browser, taken over by tabs that know nothing of each other.
import type { BrowserContext } from "playwright-core";
import { expect } from "vitest";
import type { ConversationList, MessagePage } from "../../../src/protocol/rest.ts";
import type { LocalTeam } from "../../support/local-team.ts";
import { PATIENCE } from "../chat.ts";
import type { Tab } from "./tab.ts";
import { it } from "./tab.ts";

const KEY = "old-chat";
const LEGACY = `legacy: {
  id: "old",
  keys: ["${KEY}"],
  read: () => ({ conversations: JSON.parse(localStorage.getItem("${KEY}")) }),
},`;

/** Tabs that meet in storage alone, as where there are no locks. */
const WITHOUT_LOCKS = `${LEGACY} environment: { exclusively: (name, work) => work() },`;

interface OldConversation {
  readonly id: string;
  readonly messages: readonly object[];
}

function conversation(place: number, length: number): OldConversation {
  return {
    id: `chat-${place}`,
    messages: Array.from({ length }, (_, index) => ({
      id: `${index}`,
      role: index % 2 === 0 ? "user" : "assistant",
      content: content(place, index),
      createdAt: new Date(Date.UTC(2025, place, 1, 0, index)).toISOString(),
    })),
  };
}

const content = (place: number, index: number) => `chat ${place}, message ${index}`;

const numbered = (place: number, length: number) =>
  Array.from({ length }, (_, index) => content(place, index));

/** What the old program does in a tab of its own. */
async function write(
  context: BrowserContext,
  { origin }: LocalTeam,
  conversations: readonly OldConversation[],
): Promise<void> {
  const page = await context.newPage();
  await page.goto(`${origin}/survival/old`);
  await page.evaluate(([key, text]) => localStorage.setItem(key, text), [
    KEY,
    JSON.stringify(conversations),
  ] as const);
  await page.close();
}

async function item(tab: Tab, key: string): Promise<unknown> {
  const text = await tab.page.evaluate((name) => localStorage.getItem(name), key);
  return JSON.parse(text ?? "null");
}

async function asTeam<T>({ origin, teamKey }: LocalTeam, path: string): Promise<T> {
  const response = await fetch(`${origin}/api/sessions/${path}`, {
    headers: { authorization: `Bearer ${teamKey}` },
  });
  return (await response.json()) as T;
}

/** What the server has, by conversation and in order. */
async function stored(team: LocalTeam, sessionId: string | undefined): Promise<string[][]> {
  const { conversations } = await asTeam<ConversationList>(team, `${sessionId}/conversations`);
  const found: string[][] = [];
  for (const { id } of conversations) {
    const texts: string[] = [];
    let after: number | undefined = 0;
    while (after !== undefined) {
      const page: MessagePage = await asTeam(
        team,
        `${sessionId}/messages?conversationId=${id}&after=${after}&limit=200`,
      );
      texts.push(...page.messages.map((message) => message.content));
      after = page.nextAfter;
    }
    found.push(texts);
  }
  return found.toSorted(([one = ""], [other = ""]) => (one < other ? -1 : 1));
}

async function isDone(tab: Tab): Promise<void> {
  await tab.isLive();
  await expect.poll(() => tab.state(({ legacy }) => legacy), PATIENCE).toBe("done");
}

it.for<[string, string]>([
  ["with locks", LEGACY],
  ["without locks", WITHOUT_LOCKS],
])(
  "an old profile is taken over once by five tabs at the same moment, %s",
  async ([, options], { context, team, openTab }) => {
    const old = [conversation(0, 200), conversation(1, 200), conversation(2, 200)];
    await write(context, team, old);
    const tabs = await Promise.all(Array.from({ length: 5 }, () => openTab({ options })));
    await Promise.all(tabs.map(isDone));
    const ids = async () => new Set(await Promise.all(tabs.map((tab) => tab.sessionId())));
    await expect.poll(async () => (await ids()).size, PATIENCE).toBe(1);
    await Promise.all(tabs.map(isDone));
    const [tab = await openTab()] = tabs;
    const id = await tab.sessionId();
    expect(await stored(team, id)).toEqual([0, 1, 2].map((place) => numbered(place, 200)));
    expect(await tab.state(({ session }) => session?.lastSeq)).toBe(600);
    expect(await item(tab, KEY)).toEqual(old);
    expect(await item(tab, `${KEY}.durable-sessions-backup`)).toEqual(old);

    // A page that was not told yet goes on with what it knows.
    const more = [conversation(0, 200), conversation(1, 202), conversation(2, 200)];
    await write(context, team, more);
    const next = await openTab({ options });
    await isDone(next);
    expect(await stored(team, id)).toEqual([numbered(0, 200), numbered(1, 202), numbered(2, 200)]);
    expect(await item(next, `${KEY}.durable-sessions-backup`)).toEqual(more);
  },
);

it.for(["before", "after"])(
  "one that is interrupted goes on, %s the server has stored a part",
  async (moment, { context, team, openTab }) => {
    await write(context, team, [conversation(0, 200), conversation(1, 200), conversation(2, 200)]);
    const tab = await openTab({ options: `${LEGACY} autoCreate: false,` });
    let calls = 0;
    const killed = new Promise<void>((resolve) => {
      void tab.page.route("**/import", async (route) => {
        calls += 1;
        if (calls !== 2) {
          await route.continue();
          return;
        }
        if (moment === "after") {
          await route.fetch();
        }
        resolve();
      });
    });
    await tab.run("(client) => void client.createSession()");
    await killed;
    await tab.page.close({ runBeforeUnload: false });

    const next = await openTab({ options: LEGACY });
    expect(await item(next, `${KEY}.durable-sessions-backup`)).toBeNull();
    await isDone(next);
    expect(await stored(team, await next.sessionId())).toEqual(
      [0, 1, 2].map((place) => numbered(place, 200)),
    );
  },
);

it("is over when the page says so: the old items are renamed", async ({
  context,
  team,
  openTab,
}) => {
  const old = [conversation(0, 2)];
  await write(context, team, old);
  const tab = await openTab({ options: LEGACY });
  await isDone(tab);
  await tab.page.close();
  const over = LEGACY.replace("id:", "transitionOver: true, id:");
  const next = await openTab({ options: over });
  await isDone(next);
  expect(await item(next, KEY)).toBeNull();
  expect(await item(next, `${KEY}.durable-sessions-backup`)).toEqual(old);
  await expect.poll(() => next.contents(), PATIENCE).toEqual(numbered(0, 2));
});
