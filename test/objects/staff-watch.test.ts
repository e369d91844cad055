/** An operator who is signed out hears nothing more within a minute, whatever is sent; one who is not misses nothing. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { SessionWithToken, ValidateSessionResponse } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, things } from "../support/api.ts";
import { HOUR_MS, MINUTE_MS, moveClock } from "../support/clock.ts";
import { RESIDENCIES, stepper } from "../support/eviction.ts";
import { breakIndex, indexCost, slowIndex } from "../support/index-database.ts";
import type { TeamThings } from "../support/named-things.ts";
import { TestSocket } from "../support/socket.ts";

const start = Date.UTC(2027, 3, 1);

/** More than a token's confirmation is good for, and less than a silent connection is kept. */
const STALE_MS = MINUTE_MS + 1_000;

let team: TeamThings;
let chat: SessionWithToken;
let operatorToken: string;
let heal = () => {};

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  team = await things.team(await newTeam());
  chat = await newSession(team.teamId);
  operatorToken = await things.operatorToken(team, "ada", "Ada");
});
afterEach(() => {
  heal();
  heal = () => {};
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function open(bearer: string): Promise<TestSocket> {
  const validated = await call(`/api/sessions/${chat.session.id}/validate`, { bearer });
  const { ticket } = await validated.json<ValidateSessionResponse>();
  const socket = await TestSocket.open(chat.session, ticket);
  await socket.first("synced");
  return socket;
}

/** As it is done on the other side of the world: neither this isolate nor the object hears of it. */
async function signOutElsewhere(): Promise<void> {
  await env.INDEX_DB.prepare("UPDATE operator_tokens SET revoked_at = 1 WHERE team_id = ?")
    .bind(team.teamId)
    .run();
}

let sent = 0;
/** The visitor writes; nobody is asked about the staff for that but for what they are sent. */
async function say(content = `say-${++sent}`): Promise<string> {
  const response = await call(`/api/sessions/${chat.session.id}/messages`, {
    bearer: chat.token,
    body: { clientId: `say-${++sent}`, content },
  });
  expect(response.status).toBe(201);
  return content;
}

const contents = (socket: TestSocket) => socket.messages.map(({ content }) => content);

describe.each(RESIDENCIES)("an object that %s", (residency) => {
  const step = stepper(residency);

  test("sends nothing to one who was signed out a minute ago, and closes the socket", async () => {
    const [operator, visitor] = [await open(operatorToken), await open(chat.token)];
    const before = await say();
    await operator.until(() => operator.messages.length === 1);
    await signOutElsewhere();
    await step(chat.session.id);
    moveClock(STALE_MS);
    const seen = operator.frames.length;
    const after = await say();
    await visitor.until(() => visitor.messages.length === 2);
    expect(await operator.closed()).toBe(4401);
    expect(contents(operator)).toEqual([before]);
    expect(operator.frames.length).toBe(seen);
    expect(contents(visitor)).toEqual([before, after]);
    await visitor.until(() => visitor.all("presence").at(-1)?.presence.length === 1);
    visitor.close();
  });

  test("acts on nothing from such a one", async () => {
    const [operator, visitor] = [await open(operatorToken), await open(chat.token)];
    await signOutElsewhere();
    await step(chat.session.id);
    moveClock(STALE_MS);
    operator.send({ type: "send", messages: [{ clientId: "late", content: "late" }] });
    operator.send({ type: "typing", active: true });
    expect(await operator.closed()).toBe(4401);
    await say("only this");
    await visitor.until(() => visitor.messages.length > 0);
    expect(contents(visitor)).toEqual(["only this"]);
    expect(visitor.all("typing")).toEqual([]);
    visitor.close();
  });

  test("learns of it behind what it sends after half a minute", async () => {
    const operator = await open(operatorToken);
    await signOutElsewhere();
    await step(chat.session.id);
    moveClock(MINUTE_MS / 2);
    await say("still");
    expect(await operator.closed()).toBe(4401);
    expect(contents(operator)).toEqual(["still"]);
  });

  test("closes one whose token has run out, without asking", async () => {
    const operator = await open(operatorToken);
    // Confirmed a moment before it runs out.
    moveClock(12 * HOUR_MS - 1_000);
    await say("the last");
    await operator.until(() => operator.messages.length === 1);
    await step(chat.session.id);
    moveClock(1_000);
    heal = breakIndex();
    await say("too late").catch(() => undefined);
    expect(await operator.closed()).toBe(4401);
    expect(contents(operator)).toEqual(["the last"]);
  });

  test("holds what it has to ask for first, and sends it in order and without a gap", async () => {
    const operator = await open(operatorToken);
    const visitor = await open(chat.token);
    await step(chat.session.id);
    moveClock(STALE_MS);
    heal = slowIndex(100);
    const clientIds = Array.from({ length: 60 }, (_, index) => `held-${++sent}-${index}`);
    for (const clientId of clientIds) {
      visitor.send({ type: "send", messages: [{ clientId, content: clientId }] });
      if (sent % 7 === 0) await scheduler.wait(5);
    }
    visitor.send({ type: "typing", active: false });
    await operator.until(() => operator.messages.length === clientIds.length);
    await operator.first("typing");
    expect(contents(operator)).toEqual(clientIds);
    expect(operator.seqs).toEqual(clientIds.map((_, index) => index + 1));
    operator.close();
    visitor.close();
  });

  test.each(["fails", "hangs"] as const)(
    "goes on by the last word while the index %s, and learns afterwards",
    async (how) => {
      const operator = await open(operatorToken);
      const visitor = await open(chat.token);
      await signOutElsewhere();
      await step(chat.session.id);
      heal = breakIndex(how);
      moveClock(STALE_MS);
      const send = (content: string) =>
        visitor.send({ type: "send", messages: [{ clientId: content, content }] });
      for (const content of ["one", "two", "three"]) send(content);
      await operator.until(() => operator.messages.length === 3);
      expect(contents(operator)).toEqual(["one", "two", "three"]);
      heal();
      // What was asked before goes unanswered for as long as the index's own time limit.
      if (how === "hangs") await scheduler.wait(5_500);
      moveClock(STALE_MS);
      await step(chat.session.id);
      send("four");
      expect(await operator.closed()).toBe(4401);
      expect(contents(operator)).toEqual(["one", "two", "three"]);
      visitor.close();
    },
  );
});

test("one who stays is asked about once in half a minute, however much is sent and however many tabs there are", async () => {
  const tabs = [await open(operatorToken), await open(operatorToken)];
  moveClock(STALE_MS);
  await call(`/api/sessions/${chat.session.id}`, { bearer: chat.token });
  const { rowsRead } = await indexCost(async () => {
    for (let index = 0; index < 20; index++) await say();
    for (const tab of tabs) await tab.until(() => tab.messages.length === 20);
  });
  expect(rowsRead).toBe(1);
  const quiet = await indexCost(async () => {
    moveClock(MINUTE_MS / 2 - 1);
    await say();
    for (const tab of tabs) await tab.until(() => tab.messages.length === 21);
  });
  expect(quiet.rowsRead).toBe(0);
  for (const tab of tabs) tab.close();
});

test("a Worker's old word does not count as new: a minute is counted from when the index was asked", async () => {
  (await open(operatorToken)).close();
  moveClock(MINUTE_MS - 1_000);
  await signOutElsewhere();
  const operator = await open(operatorToken);
  moveClock(2_000);
  await say();
  expect(await operator.closed()).toBe(4401);
  expect(operator.messages).toEqual([]);
});

test("signing out while visitors write: nothing is sent from a minute after, and nothing is missing before", async () => {
  const [operator, other] = [
    await open(operatorToken),
    await open(await things.operatorToken(team, "bo", "Bo")),
  ];
  const visitor = await open(chat.token);
  await env.INDEX_DB.prepare(
    "UPDATE operator_tokens SET revoked_at = 1 WHERE team_id = ? AND operator_id = 'ada'",
  )
    .bind(team.teamId)
    .run();
  const all: string[] = [];
  for (let at = 0; at < 20; at++) {
    moveClock(5_000);
    const content = `during-${++sent}`;
    all.push(content);
    visitor.send({ type: "send", messages: [{ clientId: content, content }] });
    await other.until(() => other.messages.length === all.length);
  }
  expect(await operator.closed()).toBe(4401);
  expect(contents(operator)).toEqual(all.slice(0, operator.messages.length));
  expect(operator.messages.length).toBeLessThan(12);
  expect(contents(other)).toEqual(all);
  other.close();
  visitor.close();
});
