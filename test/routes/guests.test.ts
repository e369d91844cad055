/** Readers and writers see the conversation and nothing of the person, and do not keep the session alive: on every route. */
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { type CredentialHolder, expectedOutcome } from "../support/access-expectation.ts";
import { call, newSession, things } from "../support/api.ts";
import { DAY_MS, moveClock } from "../support/clock.ts";
import { ticketFor } from "../support/credentials.ts";
import { personOf } from "../support/named-things.ts";
import { TestSocket } from "../support/socket.ts";
import { leaveEnd, newWorld, type World } from "./callers.ts";
import { prepare, send } from "./prepared-requests.ts";
import { samplesFor } from "./sample-requests.ts";

/** Stands in everything that a guest may not see. */
const PRIVATE = "PRIVATE-PRIVATE";

let world: World;

beforeAll(async () => {
  world = await newWorld();
});
afterEach(leaveEnd);

/** A session of a person of whom everything is known. */
async function knownPersonsSession(): Promise<SessionWithToken> {
  const chat = await newSession(world.teamId, {
    bearer: world.teamKey,
    body: {
      userFingerprint: PRIVATE,
      deviceInfo: { browser: PRIVATE, userAgent: PRIVATE },
      locationInfo: { city: PRIVATE, country: "DE" },
    },
  });
  const { id } = chat.session;
  const token = await things.identify(world, chat);
  await call(`/api/sessions/${id}/messages`, {
    bearer: token,
    body: { clientId: "first", content: "Hello" },
  });
  return { ...chat, token };
}

/** As its team sees it, which changes nothing. */
async function sessionOf({ session }: SessionWithToken): Promise<SessionWithToken["session"]> {
  const path = `/api/sessions/${session.id}`;
  const response = await call(path, { bearer: world.teamKey });
  return (await response.json<SessionWithToken>()).session;
}

function expectNothingPrivate(text: string): void {
  expect(text).not.toContain(PRIVATE);
  expect(text).not.toContain(personOf(""));
  expect(text).not.toMatch(/"(userId|deviceInfo|locationInfo|userFingerprint|user_id)"/);
}

describe.each(["writer", "reader"] as const)("a %s", (role) => {
  const who: CredentialHolder = {
    kind: "credential",
    role,
    of: "this session",
    revoked: false,
    identified: true,
    ended: undefined,
  };

  test.each(samplesFor("session", "team", "person"))("$title", async (sample) => {
    const chat = await knownPersonsSession();
    const token = await things.guest(chat, role);
    const prepared = await prepare(sample, world, chat);
    const { expiresAt } = await sessionOf(chat);
    moveClock(2 * DAY_MS);
    const response = await send(prepared, { bearer: token });
    expect(response.ok).toBe(expectedOutcome(sample.endpoint, who) === "allowed");
    expectNothingPrivate((await response.text()) + JSON.stringify([...response.headers]));
    expect((await sessionOf(chat)).expiresAt).toBe(expiresAt);
  });

  test("on a socket, whatever happens there", async () => {
    const chat = await knownPersonsSession();
    const token = await things.guest(chat, role);
    const { expiresAt } = await sessionOf(chat);
    moveClock(2 * DAY_MS);
    const socket = await TestSocket.open(chat.session, await ticketFor(token));
    await socket.first("synced");
    socket.send({ type: "typing", active: true });
    socket.send({ type: "send", messages: [{ clientId: "guest", content: "I am here" }] });
    await socket.until(() =>
      role === "writer" ? socket.seqs.length === 2 : socket.all("error").length === 2,
    );
    expect((await sessionOf(chat)).expiresAt).toBe(expiresAt);
    // The owner's refresh is announced to everybody.
    await call(`/api/sessions/${chat.session.id}/refresh`, { method: "POST", bearer: chat.token });
    await socket.first("session");
    expectNothingPrivate(JSON.stringify(socket.frames));
    socket.close();
  });
});

test("what guests don't see and do is there to be seen and done", async () => {
  const chat = await knownPersonsSession();
  const seen = JSON.stringify(await sessionOf(chat));
  expect(() => expectNothingPrivate(seen)).toThrow();
  const { expiresAt } = await sessionOf(chat);
  moveClock(2 * DAY_MS);
  await call(`/api/sessions/${chat.session.id}/validate`, { bearer: chat.token });
  expect((await sessionOf(chat)).expiresAt).not.toBe(expiresAt);
});
