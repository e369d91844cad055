/** The upgrade: who gets a socket, and with which code anybody else's is closed. */
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { newSessionId } from "../../src/credentials/session-id.ts";
import { mintTicket } from "../../src/credentials/ticket.ts";
import { signingKeys } from "../../src/keys.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { BASE, call, newSession, newTeam, newTeamKey, ORIGIN } from "../support/api.ts";
import { moveClock } from "../support/clock.ts";
import { refusal } from "../support/problem.ts";
import { TestSocket } from "../support/socket.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";

let teamId: string;
let chat: SessionWithToken;

beforeEach(async () => {
  teamId = await newTeam();
  chat = await newSession(teamId);
});

afterEach(() => {
  vi.useRealTimers();
});

const upgrade = (
  headers: Record<string, string>,
  path = `/api/sessions/${chat.session.id}/socket`,
) => exports.default.fetch(`${BASE}${path}`, { headers: { Upgrade: "websocket", ...headers } });

test("a ticket opens a socket, and only ds.v1 is echoed", async () => {
  const response = await upgrade({ "Sec-WebSocket-Protocol": `ds.v1, ds.ticket.${chat.ticket}` });
  expect(response.status).toBe(101);
  expect(response.headers.get("Sec-WebSocket-Protocol")).toBe("ds.v1");
  expect(JSON.stringify([...response.headers])).not.toContain(chat.ticket);
  response.webSocket?.accept();
  response.webSocket?.close();
});

test.each([ORIGIN, undefined])("a page at %s gets one", async (origin) => {
  const headers = origin === undefined ? {} : { Origin: origin };
  const socket = await TestSocket.open(chat.session, chat.ticket, { headers });
  const welcome = await socket.first("welcome");
  expect(Object.keys(welcome).sort()).toEqual([
    "connectionId",
    "lastSeq",
    "presence",
    "role",
    "session",
    "type",
  ]);
  expect(welcome).toMatchObject({ role: "owner", lastSeq: 0, session: chat.session });
  socket.close();
});

test("tickets come with validate and refresh, and are good for a minute", async () => {
  const get = async (path: string, method: string) => {
    const response = await call(`/api/sessions/${chat.session.id}/${path}`, {
      bearer: chat.token,
      method,
    });
    return (await response.json<{ ticket: string }>()).ticket;
  };
  moveClock(0);
  for (const ticket of [await get("validate", "GET"), await get("refresh", "POST")]) {
    const socket = await TestSocket.open(chat.session, ticket);
    await socket.first("welcome");
    socket.close();
  }
  const ticket = await get("validate", "GET");
  moveClock(59_999);
  const inTime = await TestSocket.open(chat.session, ticket);
  await inTime.first("welcome");
  inTime.close();
  moveClock(1);
  expect(await (await TestSocket.open(chat.session, ticket)).closed()).toBe(4401);
});

describe("a refused upgrade is accepted and closed with", () => {
  const closed = async (
    ticket: string | undefined,
    options: Parameters<typeof TestSocket.open>[2] = {},
    id = chat.session.id,
  ) => {
    const socket = await TestSocket.open({ id }, ticket, options);
    const code = await socket.closed();
    expect(socket.frames).toEqual([]);
    return code;
  };

  test("4401, without a ticket or with one for something else", async () => {
    const other = await newSession(teamId);
    const keys = await signingKeys(env);
    const never = await newSessionId(keys, 1);
    const ticketTo = (sessionId: string, credentialId: string) =>
      mintTicket(keys, { sessionId, credentialId }, Date.now());
    expect(await closed(undefined)).toBe(4401);
    expect(await closed("")).toBe(4401);
    expect(await closed("nonsense")).toBe(4401);
    expect(await closed(chat.token)).toBe(4401);
    expect(await closed(other.ticket)).toBe(4401);
    expect(await closed(chat.ticket, {}, other.session.id)).toBe(4401);
    expect(await closed(chat.ticket, {}, "A".repeat(32))).toBe(4401);
    expect(await closed(chat.ticket, {}, "%ZZ")).toBe(4401);
    expect(await closed(await ticketTo(chat.session.id, "A".repeat(12)))).toBe(4401);
    expect(await closed(await ticketTo(never, "A".repeat(12)), {}, never)).toBe(4401);
  });

  test("4401, with a token or a team key in place of a ticket", async () => {
    for (const bearer of [chat.token, await newTeamKey(teamId)]) {
      const headers = { Authorization: `Bearer ${bearer}` };
      expect(await closed(undefined, { headers })).toBe(4401);
    }
  });

  test.each(["https://evil.example", "null", `${ORIGIN}.evil.example`])(
    "4403, from %s",
    async (origin) => {
      expect(await closed(chat.ticket, { headers: { Origin: origin } })).toBe(4403);
    },
  );

  test("4403, for a team that is disabled", async () => {
    await call(`/api/admin/teams/${teamId}`, {
      bearer: TEST_ADMIN_TOKEN,
      method: "PATCH",
      body: { disabled: true },
    });
    expect(await closed(chat.ticket)).toBe(4403);
  });

  test("4410, for a session that has ended", async () => {
    await call(`/api/sessions/${chat.session.id}`, { bearer: chat.token, method: "DELETE" });
    expect(await closed(chat.ticket)).toBe(4410);
  });

  test.each([
    "?after=-1",
    "?after=x",
    "?tail=1001",
    "?after=1&tail=1",
    "?after=1&after=2",
    "?token=x",
    "?__proto__=1",
  ])("4400, for %s", async (query) => {
    expect(await closed(chat.ticket, { query })).toBe(4400);
  });

  test("4400, without the subprotocol", async () => {
    for (const headers of [{}, { "Sec-WebSocket-Protocol": "ds.v2, ds.v1x" }]) {
      const response = await upgrade(headers);
      const { webSocket } = response;
      expect(response.headers.has("Sec-WebSocket-Protocol")).toBe(false);
      const code = await new Promise<number>((resolve) => {
        webSocket?.addEventListener("close", (event) => resolve(event.code));
        webSocket?.accept();
      });
      expect(code).toBe(4400);
    }
  });

  test("4429, when the session has as many as it may", async () => {
    const limited = await newTeam({ limits: { socketsPerSession: 1 } });
    const { session, ticket } = await newSession(limited);
    const first = await TestSocket.open(session, ticket);
    await first.first("welcome");
    expect(await closed(ticket, {}, session.id)).toBe(4429);
    first.close();
    await first.closed();
  });
});

test("what is no upgrade is a problem", async () => {
  const response = await call(`/api/sessions/${chat.session.id}/socket`);
  expect(await refusal(response)).toBe("426 upgrade_required");
});
