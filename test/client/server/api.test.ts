import { afterEach, describe, expect, test } from "vitest";
import { ApiError } from "../../../client/server/api-error.ts";
import { createTeamClient } from "../../../client/server/team-client.ts";
import type { Handler, StandInApi } from "./stand-in-api.ts";
import { hangUp, json, problem, startApi } from "./stand-in-api.ts";

let api: StandInApi;

afterEach(async () => {
  await api.close();
});

async function client(options: object, ...handlers: readonly Handler[]) {
  api = await startApi(...handlers);
  return createTeamClient({
    baseUrl: `${api.baseUrl}/`,
    teamId: "acme",
    teamKey: "sk_key",
    ...options,
  });
}

const failure = (promise: Promise<unknown>): Promise<ApiError> =>
  promise.then(
    () => expect.unreachable("it succeeded"),
    (error: unknown) => {
      expect(error).toBeInstanceOf(ApiError);
      return error as ApiError;
    },
  );

const STATS = { totalSessions: 1 };
const MESSAGE = { message: { id: "m1" } };
const silent: Handler = () => {};

describe("a call that fails for now", () => {
  test.each([
    ["a lost connection", hangUp],
    ["503", problem(503, "unavailable")],
    ["429", problem(429, "rate_limited", { "retry-after": "0" })],
    ["a page by something in between", html],
  ])("is sent again where it only reads: %s", async (_what, bad) => {
    const team = await client({}, bad, json(200, STATS));
    expect(await team.getSessionStats()).toEqual(STATS);
    expect(api.requests).toEqual(Array(2).fill("GET /api/sessions/stats/acme"));
  });

  test("is given up after the retries, with what the server said last", async () => {
    const team = await client({ maxRetries: 2 }, problem(503, "unavailable"));
    const error = await failure(team.getSessionStats());
    expect(error).toMatchObject({ code: "unavailable", status: 503, retryable: true });
    expect(api.requests).toHaveLength(3);
  });

  test("is one creation, whatever becomes of its answers", async () => {
    const opened = { session: {}, token: "t", ticket: "x" };
    const team = await client({}, hangUp, json(201, opened));
    expect(await team.createSession({ userFingerprint: "f" })).toEqual(opened);
    const keys = api.headers.map((headers) => headers["idempotency-key"]);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(keys[1]).toBe(keys[0]);
  });

  test("is one message, which its clientId sees to", async () => {
    const team = await client({}, hangUp, json(200, MESSAGE));
    const posted = await team.postMessage("s1", { clientId: "c1", content: "Hello" });
    expect(posted).toEqual({ message: { id: "m1" }, isNew: false });
  });

  test("deleted what it does not find the second time", async () => {
    const team = await client({}, hangUp, problem(404, "operator_not_found"));
    await team.revokeOperator("anna");
    expect(api.requests).toHaveLength(2);
  });

  test("is left to the caller where it may have taken effect and must not twice", async () => {
    const team = await client({}, hangUp, json(200, {}));
    const error = await failure(team.webhook.put({ url: "https://bot.example" }));
    expect(error).toMatchObject({ code: "network_error", status: undefined, retryable: true });
    expect(api.requests).toHaveLength(1);
  });

  test("is sent again whatever it does, where it was refused as too much", async () => {
    const refused = problem(429, "rate_limited", { "retry-after": "0" });
    const team = await client({}, refused, json(200, { conversation: { id: "c" } }));
    expect(await team.updateConversation("s", "c", { status: "closed" })).toEqual({ id: "c" });
    expect(api.requests).toEqual(Array(2).fill("PATCH /api/sessions/s/conversations/c"));
  });

  test("is left to the caller where the server wants a long pause", async () => {
    const team = await client({}, problem(429, "rate_limited", { "retry-after": "60" }));
    const error = await failure(team.getSessionStats());
    expect(error).toMatchObject({ retryAfterSeconds: 60, retryable: true });
    expect(api.requests).toHaveLength(1);
  });

  test("has a time limit", async () => {
    const team = await client({ timeoutMs: 50, maxRetries: 1 }, silent);
    expect(await failure(team.getSessionStats())).toMatchObject({ code: "timeout" });
    expect(api.requests).toHaveLength(2);
  });
});

describe("a call that would only fail again", () => {
  test("is sent once, and says what was wrong", async () => {
    const errors = [{ path: "/content", message: "too long" }];
    const team = await client({}, (request, response) => {
      request.resume();
      response
        .writeHead(422, { "content-type": "application/problem+json" })
        .end(JSON.stringify({ code: "validation_failed", title: "Not valid", errors }));
    });
    const error = await failure(team.postMessage("s", { clientId: "c", content: "" }));
    expect(error).toMatchObject({ code: "validation_failed", status: 422, errors });
    expect(error.retryable).toBe(false);
    expect(error.message).toContain("Not valid");
    expect(error.message).not.toContain("sk_key");
    expect(api.requests).toHaveLength(1);
  });

  test("and does not follow to another address with the key", async () => {
    const team = await client({}, (_request, response) => {
      response.writeHead(307, { location: "https://elsewhere.example/" }).end();
    });
    expect(await failure(team.getSessionStats())).toMatchObject({ status: 307 });
    expect(api.requests).toHaveLength(1);
  });
});

describe("names and queries", () => {
  test("are encoded into the path", async () => {
    const team = await client({}, json(200, { sessions: [] }));
    await team.findSessionsByFingerprint("a/b ?", { limit: 5 });
    await team.listSessions({ status: "active", userId: "a&b" });
    expect(api.requests).toEqual([
      "GET /api/sessions/fingerprint/a%2Fb%20%3F/acme?limit=5",
      "GET /api/teams/acme/sessions?status=active&userId=a%26b",
    ]);
    expect(api.headers[0]).toMatchObject({ authorization: "Bearer sk_key" });
  });
});

describe("a list", () => {
  test("is read page by page, and no further than it is asked for", async () => {
    const page = (ids: readonly string[], nextCursor?: string) =>
      json(200, { sessions: ids.map((id) => ({ id })), nextCursor });
    const team = await client({}, page(["a", "b"], "n1"), page([], "n2"), page(["c"]));
    const ids: string[] = [];
    for await (const { id } of team.sessions({ limit: 2 })) ids.push(id);
    expect(ids).toEqual(["a", "b", "c"]);
    expect(api.requests.map((request) => request.split("?")[1])).toEqual([
      "limit=2",
      "limit=2&cursor=n1",
      "limit=2&cursor=n2",
    ]);
    for await (const _ of team.sessions({ limit: 2 })) break;
    expect(api.requests).toHaveLength(4);
  });

  test("of messages begins with the first and ends with the last", async () => {
    const page = (seqs: readonly number[], nextAfter?: number) =>
      json(200, { messages: seqs.map((seq) => ({ seq })), nextAfter });
    const team = await client({}, page([1, 2], 2), page([3]));
    const seqs: number[] = [];
    for await (const { seq } of team.messages("s")) seqs.push(seq);
    expect(seqs).toEqual([1, 2, 3]);
    expect(api.requests.map((request) => request.split("?")[1])).toEqual(["after=0", "after=2"]);
  });
});

function html(_request: unknown, response: Parameters<Handler>[1]): void {
  response.writeHead(200, { "content-type": "text/html" }).end("<p>Log in to the network</p>");
}
