/** Every route × everybody who may come: in, or out with just the right refusal, as src/domain/access.ts has it. */
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { CLOSE_CODES } from "../../src/protocol/close-codes.ts";
import {
  expectedOutcome,
  inSession,
  type Outcome,
  type Who,
} from "../support/access-expectation.ts";
import { newSession } from "../support/api.ts";
import { ticketFor } from "../support/credentials.ts";
import { problemOf } from "../support/problem.ts";
import { TestSocket } from "../support/socket.ts";
import { CALLERS, type CallerCase, leaveEnd, newWorld, type World } from "./callers.ts";
import { prepare, send } from "./prepared-requests.ts";
import { SAMPLES } from "./sample-requests.ts";

let world: World;

beforeAll(async () => {
  world = await newWorld();
});
afterEach(leaveEnd);

/** Each caller's outcome, each at a session of its own. */
async function outcomes(
  attempt: (caller: CallerCase) => Promise<Outcome>,
): Promise<Record<string, Outcome>> {
  const seen: Record<string, Outcome> = {};
  for (const caller of CALLERS) {
    seen[caller.title] = await attempt(caller);
    leaveEnd();
  }
  return seen;
}

const expectedOf = (expected: (who: Who) => Outcome) =>
  Object.fromEntries(CALLERS.map(({ title, who }) => [title, expected(who)]));

describe("over HTTP, with a bearer", () => {
  test.each(SAMPLES)("$title", async (sample) => {
    const seen = await outcomes(async (caller) => {
      const chat = await newSession(world.teamId);
      const prepared = await prepare(sample, world, chat);
      const response = await send(prepared, await caller.bearer(world, chat));
      return response.ok ? "allowed" : (await problemOf(response)).code;
    });
    expect(seen).toEqual(expectedOf((who) => expectedOutcome(sample.endpoint, who)));
  });
});

test("over a socket, with a ticket", async () => {
  const seen = await outcomes(async (caller) => {
    const chat = await newSession(world.teamId);
    const bearer = await caller.bearer(world, chat);
    const isToken = caller.who.kind === "credential" && bearer !== undefined;
    const ticket = isToken ? await ticketFor(bearer) : undefined;
    // Nobody but the holder of a token gets a ticket, and what else they have is not looked at.
    const headers = bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` };
    const socket = await TestSocket.open(chat.session, ticket, { headers });
    await socket.until(() => socket.frames.length > 0 || socket.closeCode !== undefined);
    if (socket.closeCode === undefined) {
      socket.close();
      return socket.frames[0]?.type === "welcome" ? "allowed" : "internal_error";
    }
    expect(socket.frames).toEqual([]);
    expect(CLOSE_CODES_OF[socket.closeReason as keyof typeof CLOSE_CODES_OF]).toBe(
      socket.closeCode,
    );
    return socket.closeReason as Outcome;
  });
  const hasTicket = ({ kind }: Who) => kind === "credential";
  expect(seen).toEqual(
    expectedOf((who) => (hasTicket(who) ? inSession("connect", who) : "unauthenticated")),
  );
});

const CLOSE_CODES_OF = {
  unauthenticated: CLOSE_CODES.unauthenticated,
  invalid_credential: CLOSE_CODES.unauthenticated,
  forbidden: CLOSE_CODES.forbidden,
  session_expired: CLOSE_CODES.ended,
  session_terminated: CLOSE_CODES.ended,
};

test("a route's pages and its rule go together", () => {
  const isRuleOf = {
    public: ["anyone"],
    admin: ["admin"],
    creation: ["anyone", "createSession"],
  };
  for (const { title, endpoint } of SAMPLES) {
    const { audience, access } = endpoint;
    if (audience in isRuleOf) {
      expect(isRuleOf[audience as keyof typeof isRuleOf], title).toContain(access);
    } else expect(["anyone", "admin"], title).not.toContain(access);
  }
});
