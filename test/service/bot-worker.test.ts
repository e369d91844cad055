/** The example bot, handed events as the object hands them to it, bound to the service as its configuration binds it. */
import { createExecutionContext } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { SessionEvents } from "../../client/examples/bot-worker/worker.ts";
import { textStream } from "../../client/server/text-body.ts";
import type { ConversationHandler } from "../../src/protocol/conversation.ts";
import type { SessionEvent } from "../../src/protocol/events.ts";
import type { Message } from "../../src/protocol/message.ts";
import type { ConversationList, MessagePage } from "../../src/protocol/rest.ts";
import type { SessionService } from "../../src/session-service.ts";
import { call, newSession, newTeam, newTeamKey } from "../support/api.ts";

let teamId: string;
let key: string;
let bot: SessionEvents;
let sessionId: string;
let token: string;
let conversationId: string;

beforeAll(async () => {
  teamId = await newTeam();
  key = await newTeamKey(teamId);
  const props = { teamId, scopes: ["messages:write", "sessions:read"] };
  const SESSIONS = exports.SessionService({ props });
  bot = new SessionEvents(createExecutionContext(), { SESSIONS } as never);
});

beforeEach(async () => {
  const created = await newSession(teamId);
  ({ token } = created);
  ({ id: sessionId, defaultConversationId: conversationId } = created.session);
});

async function write(content: string, metadata?: object): Promise<Message> {
  const body = { clientId: crypto.randomUUID(), content, ...(metadata && { metadata }) };
  const response = await call(`/api/sessions/${sessionId}/messages`, { bearer: token, body });
  return (await response.json<{ message: Message }>()).message;
}

function events(handledBy: ConversationHandler, ...messages: readonly Message[]) {
  const conversation = { id: conversationId, status: "open", handledBy } as const;
  return {
    teamId,
    sessionId,
    events: messages.map(
      (message): SessionEvent => ({
        id: `evt_${message.seq}`,
        type: "message.created",
        at: message.createdAt,
        data: { message, conversation },
      }),
    ),
  };
}

async function log(): Promise<readonly Message[]> {
  const response = await call(`/api/sessions/${sessionId}/messages`, { bearer: key });
  return (await response.json<MessagePage>()).messages;
}

async function conversation() {
  const response = await call(`/api/sessions/${sessionId}/conversations`, { bearer: key });
  return (await response.json<ConversationList>()).conversations[0];
}

describe("the bot", () => {
  test("answers what a visitor writes, once, however often it hears of it", async () => {
    const question = await write("What is new?");
    const batch = events("bot", question);
    await bot.handleEvents(batch);
    await Promise.all([bot.handleEvents(batch), bot.handleEvents(batch)]);
    const [first, answer, ...more] = await log();
    expect(first).toEqual(question);
    expect(answer).toMatchObject({ role: "assistant", clientId: `answer-${question.id}` });
    expect(answer?.content).toContain('"What is new?"');
    expect(answer?.metadata).toBeUndefined();
    expect(more).toEqual([]);
  });

  test("answers once when it hears of the same question twice at a time", async () => {
    const batch = events("bot", await write("Hello"));
    await Promise.all([bot.handleEvents(batch), bot.handleEvents(batch)]);
    await expect
      .poll(async () => (await log()).map(({ role }) => role))
      .toEqual(["user", "assistant"]);
  });

  test("answers the last of several questions", async () => {
    await bot.handleEvents(events("bot", await write("One?"), await write("Two?")));
    const roles = (await log()).map(({ role }) => role);
    expect(roles).toEqual(["user", "user", "assistant"]);
    expect((await log()).at(-1)?.content).toContain('"Two?"');
  });

  test("is silent while a person answers, and about what others write", async () => {
    const question = await write("Is anybody there?");
    await bot.handleEvents(events("operator", question));
    await bot.handleEvents(events("bot", { ...question, role: "operator" }));
    await bot.handleEvents(events("bot", { ...question, role: "system" }));
    expect(await log()).toEqual([question]);
  });

  test("calls a person, says so, and does both once", async () => {
    const wish = await write("Talk to a person", { intent: "talk_to_person" });
    const batch = events("bot", wish);
    await bot.handleEvents(batch);
    await bot.handleEvents(batch);
    expect((await log()).map(({ role }) => role)).toEqual(["user", "assistant", "system"]);
    expect(await conversation()).toMatchObject({ status: "pending", handledBy: "operator" });
  });

  test("lets go of a session that has ended", async () => {
    const question = await write("Hello");
    await call(`/api/sessions/${sessionId}`, { method: "DELETE", bearer: token });
    await bot.handleEvents(events("bot", question));
    expect(await log()).toEqual([question]);
  });
});

test("an answer whose source breaks off is kept as far as it came, by service binding too", async () => {
  const props = { teamId, scopes: ["messages:write"] };
  async function* words() {
    yield "This is ";
    await scheduler.wait(100);
    throw new Error("the model is gone");
  }
  const answer = { clientId: "answer" };
  const sessions: Pick<SessionService, "streamMessage"> = exports.SessionService({
    props,
  }) as never;
  const stored = sessions.streamMessage(sessionId, answer, textStream(words()));
  await stored.catch(() => undefined);
  await expect.poll(log).toMatchObject([{ content: "This is ", metadata: { incomplete: true } }]);
});
