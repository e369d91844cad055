// The log's promises while sockets are cut and the object is evicted at random moments, from seeds: a failing seed runs
// again with LOG_SEEDS=<seed>.
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { NewMessage } from "../../src/protocol/message.ts";
import { call, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { evict } from "../support/eviction.ts";
import { seededRandom } from "../support/random.ts";
import { ResumingClient } from "../support/resuming-client.ts";

const MESSAGES_PER_SENDER = 1000;

/** `first-last`, or one number; how many runs there are is the caller's to choose. */
const [firstSeed = 1, lastSeed = firstSeed] = env.LOG_SEEDS.split("-").map(Number);
const seeds = Array.from({ length: lastSeed - firstSeed + 1 }, (_, index) => firstSeed + index);

function numbered(sender: string, count: number, random: () => number): NewMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    clientId: `${sender}-${index}`,
    content: `message ${index} of ${sender} ${"and more ".repeat(Math.floor(random() * 40))}`,
  }));
}

/** Steps all clients, with a fault now and then, until `done`. */
async function drive(
  sessionId: string,
  clients: readonly ResumingClient[],
  random: () => number,
  done: () => boolean,
): Promise<void> {
  while (!done()) {
    // A client that is away for a while has more to catch up with than one frame holds.
    await Promise.all(clients.map((client) => (client.isAway() ? undefined : client.step())));
    const dice = random();
    if (dice < 0.1)
      clients[Math.floor(random() * clients.length)]?.cut(Math.floor(random() ** 3 * 200));
    else if (dice < 0.15) await evict(sessionId, random() < 0.5 ? "hibernate" : "close");
    await scheduler.wait(random() < 0.5 ? 0 : 1);
  }
}

function senderOrder(client: ResumingClient, sender: string): number[] {
  return client.log
    .filter((message) => message.clientId?.startsWith(`${sender}-`))
    .map((message) => Number(message.clientId?.split("-")[1]));
}

describe.concurrent.each(seeds)("seed %i", (seed) => {
  test("every connection sees every message once, in order", { timeout: 120_000 }, async () => {
    const random = seededRandom(seed);
    const teamId = await newTeam();
    const session = await newSession(teamId);
    const clients = Array.from({ length: 4 }, () => new ResumingClient(session, random));
    clients[0]?.submit(numbered("a", MESSAGES_PER_SENDER, random));
    clients[1]?.submit(numbered("b", MESSAGES_PER_SENDER, random));
    const total = 2 * MESSAGES_PER_SENDER;

    await drive(session.session.id, clients, random, () =>
      clients.every((client) => client.lastSeq >= total && client.unsettled === 0),
    );

    const everySeq = Array.from({ length: total }, (_, index) => index + 1);
    const everyOwn = everySeq.slice(0, MESSAGES_PER_SENDER).map((seq) => seq - 1);
    for (const client of clients) {
      expect(client.violations).toEqual([]);
      expect(client.log.map((message) => message.seq)).toEqual(everySeq);
      expect(senderOrder(client, "a")).toEqual(everyOwn);
      expect(senderOrder(client, "b")).toEqual(everyOwn);
    }
  });

  test("each refused sender hears which, and an end is an end", { timeout: 120_000 }, async () => {
    const random = seededRandom(seed);
    const limits = { bytesPerSession: 150_000 };
    const teamId = await newTeam({ limits });
    const key = await newTeamKey(teamId, ["sessions:read", "sessions:write"]);
    const session = await newSession(teamId);
    const { id } = session.session;
    const clients = Array.from({ length: 4 }, () => new ResumingClient(session, random));
    clients.slice(0, 2).forEach((client, index) => {
      const sender = index === 0 ? "a" : "b";
      // Every tenth is a repeat of an earlier one; all together they are more than the quota holds.
      const messages = numbered(sender, 400, random).flatMap((message, position, all) =>
        position % 10 === 9 ? [message, ...all.slice(position - 5, position - 4)] : [message],
      );
      client.submit(messages);
    });
    const end = 200 + Math.floor(random() * 200);
    let steps = 0;

    await drive(id, clients, random, () => {
      const someRefused = clients.some((client) => client.refusals.size > 0);
      return someRefused || steps++ > end;
    });
    const ending = call(`/api/sessions/${id}`, { method: "DELETE", bearer: key }).then((ended) => {
      expect(ended.status).toBe(204);
      return history(id, key);
    });
    const [logAtEnd] = await Promise.all([
      ending,
      drive(id, clients, random, () => clients.every((client) => client.hasEnded)),
    ]);

    const log = await history(id, key);
    expect(log).toEqual(logAtEnd);
    expect(log.map((message) => message.seq)).toEqual(log.map((_, index) => index + 1));
    const clientIds = log.map((message) => message.clientId);
    expect(new Set(clientIds).size).toBe(clientIds.length);
    for (const client of clients) {
      expect(client.violations).toEqual([]);
      expect(log.slice(0, client.log.length)).toEqual(client.log);
      for (const [clientId, code] of client.refusals) {
        expect(["quota_exceeded", "session_terminated"]).toContain(code);
        expect(clientIds).not.toContain(clientId);
      }
    }
  });
});

interface Logged {
  readonly seq: number;
  readonly clientId?: string;
}

async function history(sessionId: string, key: string): Promise<Logged[]> {
  const messages: Logged[] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const response = await call(`/api/sessions/${sessionId}/messages?after=${after}&limit=200`, {
      bearer: key,
    });
    const page = await response.json<{ messages: Logged[]; nextAfter?: number }>();
    messages.push(...page.messages);
    after = page.nextAfter;
  }
  return messages;
}
