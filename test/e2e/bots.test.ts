/** The example bots as they are run: beside the Worker by `npm start`, and as a process of Node that a webhook calls. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import type { TeamClient } from "../../client/server/index.ts";
import { createTeamClient } from "../../client/server/index.ts";
import { ROOT } from "../../src/cli/wrangler.ts";
import type { Message, NewMessage } from "../../src/protocol/message.ts";
import type { LocalTeam } from "../support/local-team.ts";
import { createTeam } from "../support/local-team.ts";
import type { LocalServer } from "../support/server.ts";
import { freePort, startServer } from "../support/server.ts";

const PATIENCE = { timeout: 60_000, interval: 200 };

/** A visitor with a session of its own, and what its team sees of it. */
class Visitor {
  readonly sessionId: string;
  readonly #origin: string;
  readonly #team: TeamClient;
  readonly #token: string;

  private constructor(origin: string, team: TeamClient, sessionId: string, token: string) {
    this.#origin = origin;
    this.#team = team;
    this.sessionId = sessionId;
    this.#token = token;
  }

  static async arrive({ origin }: LocalTeam, team: TeamClient): Promise<Visitor> {
    const { session, token } = await team.createSession();
    return new Visitor(origin, team, session.id, token);
  }

  async write(content: string, metadata?: NewMessage["metadata"]): Promise<void> {
    const response = await fetch(`${this.#origin}/api/sessions/${this.sessionId}/messages`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      body: JSON.stringify({ clientId: crypto.randomUUID(), content, metadata }),
    });
    expect(response.status).toBe(201);
  }

  log(): Promise<Message[]> {
    return Array.fromAsync(this.#team.messages(this.sessionId));
  }

  /** Resolves once the log has messages of these roles, and no others. */
  async sees(...roles: readonly Message["role"][]): Promise<Message[]> {
    let log: Message[] = [];
    await expect
      .poll(async () => {
        log = await this.log();
        return log.map(({ role }) => role);
      }, PATIENCE)
      .toEqual(roles);
    return log;
  }
}

function clientOf({ origin: baseUrl, teamId, teamKey }: LocalTeam): TeamClient {
  return createTeamClient({ baseUrl, teamId, teamKey });
}

describe("the demo bot of npm start", () => {
  let server: LocalServer;
  let team: TeamClient;

  beforeAll(async () => {
    server = await startServer({ bot: true });
    team = clientOf(server);
  });
  afterAll(async () => {
    await server?.close();
  });

  test("answers, calls a person, and goes on when the chat is handed back", async () => {
    const visitor = await Visitor.arrive(server, team);
    await visitor.write("Hello?");
    const [, answer] = await visitor.sees("user", "assistant");
    expect(answer?.content).toMatch(/^You wrote: "Hello\?"/);

    await visitor.write("Talk to a person", { intent: "talk_to_person" });
    const called = await visitor.sees("user", "assistant", "user", "assistant", "system");
    const conversationId = called[0]?.conversationId ?? "";
    const [conversation] = await team.listConversations(visitor.sessionId);
    expect(conversation).toMatchObject({ status: "pending", handledBy: "operator" });

    await team.updateConversation(visitor.sessionId, conversationId, { handledBy: "bot" });
    await visitor.write("And now?");
    const roles = called.map(({ role }) => role);
    const all = await visitor.sees(...roles, "system", "user", "assistant");
    expect(all.at(-1)?.content).toMatch(/^You wrote: "And now\?"/);
  });

  test("goes on after a crash, with the answer that broke off as far as it came", async () => {
    const visitor = await Visitor.arrive(server, team);
    await visitor.write("Tell me a story");
    await server.kill();
    await server.start();
    await visitor.write("Still there?");
    await expect
      .poll(async () => (await visitor.log()).at(-1)?.content ?? "", PATIENCE)
      .toMatch(/^You wrote: "Still there\?"/);
    const answers = (await visitor.log()).filter(({ role }) => role === "assistant");
    expect(new Set(answers.map(({ clientId }) => clientId)).size).toBe(answers.length);
  });
});

describe("the bot on Node", () => {
  let local: LocalTeam;
  let team: TeamClient;
  let bot: ChildProcess;
  let between: Between;

  beforeAll(async () => {
    local = await createTeam(inject("origin"));
    team = clientOf(local);
    const port = await freePort();
    between = await standBetween(port);
    bot = await startBot(local, port, between.url);
  });
  afterAll(async () => {
    bot?.kill();
    await between?.close();
  });
  afterEach(() => {
    between.loseAnswers = 0;
  });

  test("answers what the webhook brings, and not again what it brings again", async () => {
    const visitor = await Visitor.arrive(local, team);
    await expect.poll(() => between.seen.length, PATIENCE).toBeGreaterThan(0);
    between.loseAnswers = 2;
    await visitor.write("Hello?");
    const [, answer] = await visitor.sees("user", "assistant");
    expect(answer?.content).toMatch(/^You wrote: "Hello\?"/);
    // The bot has answered, and the server has not heard of it.
    await expect.poll(() => between.loseAnswers, PATIENCE).toBe(0);
    await visitor.write("And again?");
    await visitor.sees("user", "assistant", "user", "assistant");
    const isRepeated = between.seen.some((id, index) => between.seen.indexOf(id) !== index);
    expect(isRepeated).toBe(true);
  });

  test("calls a person", async () => {
    const visitor = await Visitor.arrive(local, team);
    await visitor.write("Talk to a person", { intent: "talk_to_person" });
    await visitor.sees("user", "assistant", "system");
    const [conversation] = await team.listConversations(visitor.sessionId);
    expect(conversation).toMatchObject({ status: "pending", handledBy: "operator" });
  });

  test("believes nobody but the server", async () => {
    const headers = {
      "webhook-id": "msg_1",
      "webhook-timestamp": String(Math.floor(Date.now() / 1000)),
      "webhook-signature": "v1,AAAA",
    };
    const forged = await fetch(between.url, { method: "POST", headers, body: "{}" });
    expect(forged.status).toBe(401);
  });

  test("says that a test of the webhook got through", async () => {
    expect(await team.webhook.test()).toMatchObject({ delivered: true, status: 204 });
    expect((await team.webhook.get()).webhook.url).toBe(between.url);
  });
});

interface Between {
  readonly url: string;
  /** `webhook-id` of all that was delivered. */
  readonly seen: string[];
  /** So many of the bot's answers do not get back. */
  loseAnswers: number;
  close(): Promise<void>;
}

/** Hands deliveries on to the bot, and loses its answers when told to. */
async function standBetween(botPort: number): Promise<Between> {
  const seen: string[] = [];
  const proxy: Server = createServer(async (request, response) => {
    seen.push(String(request.headers["webhook-id"]));
    const { host: _, connection: __, ...headers } = request.headers;
    const answered = await fetch(`http://localhost:${botPort}/`, {
      method: "POST",
      headers: headers as Record<string, string>,
      body: Buffer.concat(await Array.fromAsync<Buffer>(request)),
    }).catch(() => undefined);
    const isLost = between.loseAnswers > 0;
    if (isLost) between.loseAnswers -= 1;
    response.writeHead(isLost ? 500 : (answered?.status ?? 502)).end();
  }).listen(0, "localhost");
  await once(proxy, "listening");
  const between: Between = {
    url: `http://localhost:${(proxy.address() as AddressInfo).port}/`,
    seen,
    loseAnswers: 0,
    async close() {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, "close");
    },
  };
  return between;
}

async function startBot(team: LocalTeam, port: number, url: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["client/examples/bot-node/server.ts"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      BASE_URL: team.origin,
      TEAM_ID: team.teamId,
      TEAM_KEY: team.teamKey,
      PORT: String(port),
      WEBHOOK_URL: url,
    },
  });
  process.once("exit", () => child.kill());
  const [printed] = await Promise.race([
    once(child.stdout, "data"),
    once(child, "exit").then(() => expect.unreachable("the bot did not start")),
  ]);
  expect(String(printed)).toContain(url);
  return child;
}
