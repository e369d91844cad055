// What the client adds in a real browser to what a page could do with the browser alone.
import type { Page } from "playwright-core";
import type { BenchBrowser } from "../client-browser.ts";
import type * as clientPage from "../client-page.ts";
import { type Contest, median, type Side } from "../rounds.ts";
import { type Servers, TEAM_ID } from "../servers.ts";
import { createSession } from "./requests.ts";

/** Here by `client-browser.ts`. */
declare const bench: typeof clientPage;

const MANY = 10_000;
const FEW = 100;
const APPENDED = 200;

/** From the primitive's call to `isValid`, in a browser that was never here, next to `create` by fetch and a bare socket. */
export function coldContest({ browser }: WithBrowser): Contest {
  const side = (open: (page: Page) => Promise<number>): Side => ({
    round: (seconds) =>
      repeat(seconds, async () => {
        const visitor = await browser.visitor();
        const time = await open(await browser.tab(visitor));
        await visitor.close();
        return time;
      }),
  });
  return {
    name: "client-cold",
    figures: [
      {
        title:
          "`useEnhancedSession` to `isValid` in a new browser, against `create` by fetch and a bare socket",
        unit: "ms",
        goal: { atMost: 1.5 },
      },
    ],
    ours: side((page) => page.evaluate((teamId) => bench.open(teamId), TEAM_ID)),
    bare: side((page) => page.evaluate((teamId) => bench.fetchAndJoin(teamId), TEAM_ID)),
  };
}

/** The same with a session in the browser, next to `validate` by fetch and a bare socket. */
export async function warmContest({ browser, servers }: WithBrowser): Promise<Contest> {
  const known = await createSession(servers.ours, TEAM_ID);
  const visitor = await browser.visitor();
  const first = await browser.tab(visitor);
  await first.evaluate((teamId) => bench.open(teamId), TEAM_ID);
  await first.close();
  const side = (open: (page: Page) => Promise<number>): Side => ({
    round: (seconds) =>
      repeat(seconds, async () => {
        const page = await browser.tab(visitor);
        const time = await open(page);
        await page.close();
        return time;
      }),
  });
  return {
    name: "client-warm",
    figures: [
      {
        title:
          "`useEnhancedSession` to `isValid` after a reload, against `validate` by fetch and a bare socket",
        unit: "ms",
        goal: { atMost: 1.5 },
      },
    ],
    ours: side((page) => page.evaluate((teamId) => bench.open(teamId), TEAM_ID)),
    bare: side((page) =>
      page.evaluate(([teamId, session]) => bench.fetchAndJoin(teamId, session), [
        TEAM_ID,
        known,
      ] as const),
    ),
  };
}

/** From `send` in one tab to `messages` in another, next to bare sockets that parse the frames. */
export async function sendContest({ browser, servers }: WithBrowser): Promise<Contest> {
  const pair = async (join: (page: Page) => Promise<unknown>): Promise<Side> => {
    const visitor = await browser.visitor();
    const one = await browser.tab(visitor);
    const two = await browser.tab(visitor);
    await join(one);
    await join(two);
    await two.evaluate(() => bench.answerPings());
    return {
      round: async (seconds) => [
        median(await one.evaluate((duration) => bench.pingFor(duration), seconds)),
      ],
    };
  };
  const opened = await createSession(servers.ours, TEAM_ID);
  return {
    name: "client-send",
    figures: [
      {
        title: "`send` in one tab to `messages` in another, against bare sockets",
        unit: "ms",
        goal: { atMost: 1.5 },
      },
    ],
    ours: await pair((page) => page.evaluate((teamId) => bench.open(teamId), TEAM_ID)),
    bare: await pair((page) => page.evaluate((session) => bench.join(session), opened)),
  };
}

/** One more message in `messages`, where there are 10,000, next to where there are 100. */
export async function appendContest({ browser }: WithBrowser): Promise<Contest> {
  const page = await browser.tab(await browser.visitor());
  const side = (there: number): Side => ({
    round: async () => [
      await page.evaluate(([there, more]) => bench.append(there, more), [there, APPENDED] as const),
    ],
  });
  return {
    name: "client-append",
    figures: [
      {
        title: "One more message in `messages`: of 10,000, against of 100",
        unit: "ms",
        goal: { atMost: 20 },
      },
    ],
    ours: side(MANY),
    bare: side(FEW),
  };
}

export interface WithBrowser {
  readonly servers: Servers;
  readonly browser: BenchBrowser;
}

/** At least once, and the median of as often as there is time for. */
async function repeat(seconds: number, once: () => Promise<number>): Promise<readonly [number]> {
  const times: number[] = [];
  const until = performance.now() + seconds * 1_000;
  do {
    times.push(await once());
  } while (performance.now() < until);
  return [median(times)];
}
