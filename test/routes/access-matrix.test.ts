/** Every route × everybody who may come: in, or out with just the right refusal, as src/domain/access.ts has it. */
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { SessionOperation } from "../../src/domain/access.ts";
import { CLOSE_CODES } from "../../src/protocol/close-codes.ts";
import type { UpFrame } from "../../src/protocol/frames.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import {
  type CredentialHolder,
  expectedByCookie,
  expectedOutcome,
  inSession,
  type Outcome,
  type Who,
} from "../support/access-expectation.ts";
import { newSession, ORIGIN } from "../support/api.ts";
import { operatorTicketFor, ticketFor } from "../support/credentials.ts";
import { problemOf } from "../support/problem.ts";
import { TestSocket } from "../support/socket.ts";
import { CALLERS, type CallerCase, comes, leaveEnd, newWorld, type World } from "./callers.ts";
import { type Prepared, prepare, send } from "./prepared-requests.ts";
import { type RouteSample, SAMPLES } from "./sample-requests.ts";

let world: World;

beforeAll(async () => {
  world = await newWorld();
});
afterEach(leaveEnd);

/** Each caller's outcome, each at a session of its own. */
async function outcomes(
  callers: readonly CallerCase[],
  attempt: (caller: CallerCase) => Promise<Outcome>,
): Promise<Record<string, Outcome>> {
  const seen: Record<string, Outcome> = {};
  for (const caller of callers) {
    seen[caller.title] = await attempt(caller);
    leaveEnd();
  }
  return seen;
}

const expectedOf = (callers: readonly CallerCase[], expected: (who: Who) => Outcome) =>
  Object.fromEntries(callers.map(({ title, who }) => [title, expected(who)]));

async function outcomeOf(response: Response): Promise<Outcome> {
  if (!response.ok) return (await problemOf(response)).code;
  // What is streamed would break off unread.
  await response.arrayBuffer();
  return "allowed";
}

/** A request that succeeds if `caller` may, and what the caller has to send with it. */
async function arrange(
  sample: RouteSample,
  caller: CallerCase,
): Promise<{ readonly prepared: Prepared; readonly bearer: string | undefined }> {
  const chat = await newSession(world.teamId);
  if (sample.endpoint.audience === "session") {
    const { bearer, made } = await comes(caller, world, chat, (current) =>
      prepare(sample, world, current),
    );
    return { prepared: made, bearer };
  }
  // What the others act upon is none of this session's and has to be there when the caller comes.
  const { bearer } = await comes(caller, world, chat, async () => undefined);
  return { prepared: await prepare(sample, world, await newSession(world.teamId)), bearer };
}

describe("over HTTP, with a bearer", () => {
  test.each(SAMPLES)("$title", async (sample) => {
    const seen = await outcomes(CALLERS, async (caller) => {
      const { prepared, bearer } = await arrange(sample, caller);
      return outcomeOf(await send(prepared, { bearer }));
    });
    expect(seen).toEqual(expectedOf(CALLERS, (who) => expectedOutcome(sample.endpoint, who)));
  });
});

const HOLDERS = CALLERS.filter(({ who }) => who.kind === "credential");

/** As the browser has it that got the token as a cookie. */
async function cookieOf(bearer: string | undefined, { of }: CredentialHolder): Promise<string> {
  const teamId = of === "a foreign team" ? world.foreign.teamId : world.teamId;
  return `other=1; __Host-ds.${teamId}=${bearer}`;
}

describe("over HTTP, with a cookie, from the team's page", () => {
  test.each(SAMPLES)("$title", async (sample) => {
    const seen = await outcomes(HOLDERS, async (caller) => {
      const { prepared, bearer } = await arrange(sample, caller);
      const cookie = await cookieOf(bearer, caller.who as CredentialHolder);
      return outcomeOf(await send(prepared, { headers: { Cookie: cookie, Origin: ORIGIN } }));
    });
    expect(seen).toEqual(
      expectedOf(HOLDERS, (who) => expectedByCookie(sample.endpoint, who as CredentialHolder)),
    );
  });
});

test("over a socket, with a ticket", async () => {
  const seen = await outcomes(CALLERS, async (caller) => {
    const chat = await newSession(world.teamId);
    const { bearer } = await comes(caller, world, chat, async () => undefined);
    const ticket = await ticketOf(caller.who, bearer, chat.session);
    // Nobody but a visitor and the staff gets a ticket, and what else they have is not looked at.
    const headers = bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` };
    return outcomeOn(await TestSocket.open(chat.session, ticket, { headers }));
  });
  expect(seen).toEqual(expectedOf(CALLERS, overSocket));
});

async function ticketOf(
  { kind }: Who,
  bearer: string | undefined,
  session: { readonly id: string },
): Promise<string | undefined> {
  if (bearer === undefined) return undefined;
  if (kind === "credential") return await ticketFor(bearer);
  return kind === "operator" ? await operatorTicketFor(bearer, session) : undefined;
}

/** A socket whose ticket does not fit is told no more than that. */
function overSocket(who: Who): Outcome {
  if (who.kind !== "credential" && who.kind !== "operator") return "unauthenticated";
  const outcome = inSession("connect", who);
  return outcome === "session_not_found" ? "invalid_credential" : outcome;
}

const TALKERS = CALLERS.filter(({ who }) => overSocket(who) === "allowed");

describe("over a socket, who may send", () => {
  /** Every type, or it does not compile; what is received, its receiver may say. */
  const FRAMES: {
    readonly [T in Exclude<UpFrame["type"], "received">]: {
      readonly operation: SessionOperation;
      readonly frame: (chat: SessionWithToken) => Extract<UpFrame, { type: T }>;
    };
  } = {
    send: {
      operation: "postMessage",
      frame: () => ({ type: "send", messages: [{ clientId: "one", content: "Hello" }] }),
    },
    typing: { operation: "setTyping", frame: () => ({ type: "typing", active: true }) },
    read: {
      operation: "markRead",
      frame: ({ session }) => ({
        type: "read",
        conversationId: session.defaultConversationId,
        seq: 0,
      }),
    },
    // Who may is told that no such answer is being written.
    cancel: { operation: "cancelStream", frame: () => ({ type: "cancel", messageId: "none" }) },
  };

  test.each(Object.values(FRAMES))("$operation", async ({ operation, frame }) => {
    const seen = await outcomes(TALKERS, async (caller) => {
      const chat = await newSession(world.teamId);
      const { bearer } = await comes(caller, world, chat, async () => undefined);
      const ticket = await ticketOf(caller.who, bearer, chat.session);
      const socket = await TestSocket.open(chat.session, ticket, { acknowledges: false });
      await socket.first("synced");
      socket.send(frame(chat));
      // Answered in order, so that by then all that the frame before it leads to is there.
      socket.sendRaw('{"type":"last"}');
      await socket.until(() => socket.all("error").some(({ code }) => code === "unknown_type"));
      socket.close();
      const [error] = socket.all("error");
      return error?.code === "forbidden" ? "forbidden" : "allowed";
    });
    expect(seen).toEqual(expectedOf(TALKERS, (who) => inSession(operation, who)));
  });
});

test("over a socket, with a cookie", async () => {
  const seen = await outcomes(HOLDERS, async (caller) => {
    const chat = await newSession(world.teamId);
    const { bearer } = await comes(caller, world, chat, async () => undefined);
    const cookie = await cookieOf(bearer, caller.who as CredentialHolder);
    const headers = { Cookie: cookie, Origin: ORIGIN };
    return outcomeOn(await TestSocket.open(chat.session, undefined, { headers }));
  });
  const isSent = (who: Who) => who.kind === "credential" && who.of === "this session";
  expect(seen).toEqual(
    expectedOf(HOLDERS, (who) => (isSent(who) ? inSession("connect", who) : "unauthenticated")),
  );
});

async function outcomeOn(socket: TestSocket): Promise<Outcome> {
  await socket.until(() => socket.frames.length > 0 || socket.closeCode !== undefined);
  if (socket.closeCode === undefined) {
    socket.close();
    return socket.frames[0]?.type === "welcome" ? "allowed" : "internal_error";
  }
  expect(socket.frames).toEqual([]);
  const reason = socket.closeReason as keyof typeof CLOSE_CODES_OF;
  expect(CLOSE_CODES_OF[reason]).toBe(socket.closeCode);
  return reason;
}

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
