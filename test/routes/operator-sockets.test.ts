/** Members of the staff on sockets: let in by a ticket of their own, seen by name, and nobody else takes their place. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Conversation } from "../../src/protocol/conversation.ts";
import type { SessionWithToken, ValidateSessionResponse } from "../../src/protocol/rest.ts";
import { forgetOperatorToken } from "../../src/team-cache.ts";
import { BASE, call, newSession, newTeam, ORIGIN, things } from "../support/api.ts";
import { DAY_MS, moveClock } from "../support/clock.ts";
import { operatorTicketFor, ticketFor } from "../support/credentials.ts";
import { RESIDENCIES, stepper } from "../support/eviction.ts";
import type { TeamThings } from "../support/named-things.ts";
import { TestSocket } from "../support/socket.ts";

const DESK = "https://desk.example";
/** No letter of it may stand in a header as it is. */
const NAME = "Zoë 🦊 Żółć";

let team: TeamThings;
let token: string;
let chat: SessionWithToken;

beforeAll(async () => {
  const limits = { socketsPerSession: 2 };
  team = await things.team(await newTeam({ operatorOrigins: [DESK], limits }));
  token = await things.operatorToken(team, "zoe", NAME);
});
beforeEach(async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  chat = await newSession(team.teamId);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const author = { id: "zoe", name: NAME };

async function validate(bearer = token): Promise<ValidateSessionResponse> {
  const response = await call(`/api/sessions/${chat.session.id}/validate`, { bearer });
  return await response.json<ValidateSessionResponse>();
}

async function open(
  ticket: string | undefined,
  options: Parameters<typeof TestSocket.open>[2] = {},
): Promise<TestSocket> {
  const socket = await TestSocket.open(chat.session, ticket, options);
  await socket.until(() => socket.closeCode !== undefined || socket.all("synced").length > 0);
  return socket;
}

const visitor = async () => open(await ticketFor(chat.token));

describe.each(RESIDENCIES)("an operator at an object that %s", (residency) => {
  const step = stepper(residency);

  test("gets a ticket by validating, and sees the session whole", async () => {
    const { ticket } = await validate();
    expect(ticket).toMatch(/^op\.[0-9a-f]{16}\.[0-9a-z]+\.[\w-]{22}$/);
    const operator = await open(ticket);
    await step(chat.session.id);
    const welcome = await operator.first("welcome");
    expect(welcome.role).toBe("operator");
    expect(welcome.session).toHaveProperty("deviceInfo");
    expect(welcome.presence).toEqual([
      { connectionId: welcome.connectionId, role: "operator", author, since: expect.any(String) },
    ]);
    operator.close();
  });

  test("is seen by name, writes signed, and moves the team's mark", async () => {
    const person = await visitor();
    const operator = await open((await validate()).ticket);
    await person.until(() => person.all("presence").at(-1)?.presence.length === 2);
    expect(person.all("presence").at(-1)?.presence).toContainEqual(
      expect.objectContaining({ role: "operator", author }),
    );
    await step(chat.session.id);
    operator.send({ type: "typing", active: true });
    expect(await person.first("typing")).toMatchObject({ role: "operator", author });
    await step(chat.session.id);
    operator.send({ type: "send", messages: [{ clientId: "one", content: "Hello" }] });
    await person.until(() => person.messages.length === 1);
    expect(person.messages).toMatchObject([{ role: "operator", author, content: "Hello" }]);
    person.send({ type: "send", messages: [{ clientId: "one", content: "Hi" }] });
    await operator.until(() => operator.messages.length === 2);
    expect(operator.messages[1]).not.toHaveProperty("author");
    await step(chat.session.id);
    const { defaultConversationId: conversationId } = chat.session;
    operator.send({ type: "read", conversationId, seq: 2 });
    expect(await person.first("read")).toMatchObject({ side: "team", seq: 2 });
    const listed = await call(`/api/sessions/${chat.session.id}/conversations`, { bearer: token });
    const { conversations } = await listed.json<{ conversations: Conversation[] }>();
    expect(conversations).toMatchObject([{ unread: 0, lastSeq: 2 }]);
    operator.close();
    person.close();
  });

  test("is no owner who is there, and keeps no session alive by looking on", async () => {
    const { expiresAt } = chat.session;
    const ticket = await operatorTicketFor(token, chat.session);
    moveClock(20_000);
    const operator = await open(ticket);
    await step(chat.session.id);
    const welcome = await operator.first("welcome");
    expect(welcome.session.expiresAt).toBe(expiresAt);
    operator.close();
    moveClock(31 * DAY_MS);
    expect((await validate(team.teamKey)).isValid).toBe(false);
  });
});

test("the staff take no visitor's room, nor a visitor theirs", async () => {
  const people = [await visitor(), await visitor()];
  expect((await visitor()).closeCode).toBe(4429);
  const ticket = await operatorTicketFor(token, chat.session);
  const staff = [await open(ticket), await open(ticket), await open(ticket)];
  expect([...people, ...staff].map(({ closeCode }) => closeCode)).toEqual(Array(5).fill(undefined));
  for (const socket of [...people, ...staff]) socket.close();
});

test("one token has so many connections and no more", async () => {
  const ticket = await operatorTicketFor(token, chat.session);
  const tabs: TestSocket[] = [];
  for (let index = 0; index < 51; index++) tabs.push(await open(ticket));
  expect(tabs.map(({ closeCode }) => closeCode)).toEqual([...Array(50).fill(undefined), 4429]);
  const other = await open(
    await operatorTicketFor(await things.operatorToken(team, "bo"), chat.session),
  );
  expect(other.closeCode).toBeUndefined();
  for (const socket of [...tabs, other]) socket.close();
});

describe("a page", () => {
  const from = async (ticket: string, origin: string) => {
    const socket = await open(ticket, { headers: { Origin: origin } });
    socket.close();
    return socket.closeCode ?? "open";
  };

  test("of the staff's takes an operator's ticket, of the visitors' a visitor's, and none the other's", async () => {
    const [staff, person] = [
      await operatorTicketFor(token, chat.session),
      await ticketFor(chat.token),
    ];
    expect(await from(staff, DESK)).toBe("open");
    expect(await from(staff, BASE)).toBe("open");
    expect(await from(staff, ORIGIN)).toBe(4403);
    expect(await from(staff, "https://evil.example")).toBe(4403);
    expect(await from(person, ORIGIN)).toBe("open");
    expect(await from(person, DESK)).toBe(4403);
    expect(await from(person, BASE)).toBe(4403);
  });

  test("does not pass for the staff's by a header beside a visitor's ticket", async () => {
    const headers = { Origin: DESK, Authorization: `Bearer ${token}` };
    expect((await open(await ticketFor(chat.token), { headers })).closeCode).toBe(4403);
  });
});

describe("a ticket opens nothing", () => {
  const ticketed = () => operatorTicketFor(token, chat.session);

  test("of another session of the team", async () => {
    const ticket = await ticketed();
    chat = await newSession(team.teamId);
    expect((await open(ticket)).closeCode).toBe(4401);
  });

  test("of a foreign team's session", async () => {
    const ticket = await ticketed();
    const foreign = await newSession(await newTeam());
    const socket = await TestSocket.open(foreign.session, ticket);
    expect(await socket.closed()).toBe(4401);
  });

  test("when it says that it is a credential's, or another operator's", async () => {
    const [, tokenId = "", ...rest] = (await ticketed()).split(".");
    for (const forged of [
      [tokenId, ...rest],
      [tokenId.slice(0, 12), ...rest],
      ["op", "0".repeat(16), ...rest],
    ]) {
      expect((await open(forged.join("."))).closeCode).toBe(4401);
    }
  });

  test("once its holder is signed out, or its token has expired", async () => {
    const signedIn = await things.operatorToken(team, "cy");
    const ticket = await operatorTicketFor(signedIn, chat.session);
    const path = `/api/teams/${team.teamId}/operators/cy`;
    await call(path, { method: "DELETE", bearer: team.teamKey });
    expect((await open(ticket)).closeCode).toBe(4401);
    const expired = await things.operatorToken(team, "di");
    const [, tokenId = ""] = expired.split("_");
    await env.INDEX_DB.prepare("UPDATE operator_tokens SET expires_at = ? WHERE id = ?")
      .bind(Date.now() - 1, tokenId)
      .run();
    forgetOperatorToken(tokenId);
    const late = await operatorTicketFor(expired, chat.session);
    expect((await open(late)).closeCode).toBe(4401);
  });

  test("where the session has ended, and none is given out", async () => {
    await call(`/api/sessions/${chat.session.id}`, { method: "DELETE", bearer: chat.token });
    expect(await validate()).not.toHaveProperty("ticket");
    expect((await open(await ticketed())).closeCode).toBe(4410);
  });
});
