import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RequestError } from "../../client/core/request-error.ts";
import type { Rest } from "../../client/core/rest.ts";
import { callWith, createRest, REQUEST_TIMEOUT_MS } from "../../client/core/rest.ts";
import type { Answer } from "./fake-environment.ts";
import { FakeEnvironment, session } from "./fake-environment.ts";

const BASE = "https://chat.example";
const TOKEN = "S1.C1.secret";
const KEY = { sessionId: "S1", token: TOKEN };

let environment: FakeEnvironment;
let rest: Rest;

beforeEach(() => {
  vi.useFakeTimers();
  environment = new FakeEnvironment();
  rest = createRest(BASE, environment);
});

afterEach(() => {
  vi.useRealTimers();
});

async function failure(answer: Answer): Promise<RequestError> {
  environment.respond = () => answer;
  const error = await rest("GET", "health").catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RequestError);
  return error as RequestError;
}

function problem(status: number, code: string, headers: Record<string, string> = {}): Answer {
  const body = { type: "about:blank", title: "A title", status, code, detail: "A detail." };
  return { status, body, headers };
}

describe("calls", () => {
  it("creates with the idempotency key and no credential", async () => {
    const answer = { session: session(), token: TOKEN, ticket: "T1" };
    environment.respond = () => ({ status: 201, body: answer });
    const call = rest("POST", "sessions/create", {
      body: { teamId: "demo" },
      idempotencyKey: "key-1",
    });
    expect(await call).toEqual(answer);
    expect(environment.requests).toEqual([
      {
        method: "POST",
        path: "/api/sessions/create",
        headers: { "content-type": "application/json", "idempotency-key": "key-1" },
        body: { teamId: "demo" },
      },
    ]);
  });

  it("addresses the token's session and carries the token in the header alone", async () => {
    environment.respond = () => ({ status: 200, body: { isValid: true } });
    await callWith(rest, KEY, "GET", "/validate");
    await callWith(rest, KEY, "POST", "/refresh", { rotate: true });
    await callWith(rest, KEY, "GET", "/messages?before=51&limit=50");
    environment.respond = () => ({ status: 204 });
    await callWith(rest, KEY, "DELETE", "");
    expect(environment.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /api/sessions/S1/validate",
      "POST /api/sessions/S1/refresh",
      "GET /api/sessions/S1/messages?before=51&limit=50",
      "DELETE /api/sessions/S1",
    ]);
    expect(vi.getTimerCount()).toBe(0);
    for (const request of environment.requests) {
      expect(request.headers.authorization).toBe(`Bearer ${TOKEN}`);
    }
  });
});

describe("errors", () => {
  it("carries what the problem says", async () => {
    const error = await failure({
      status: 422,
      body: {
        type: "about:blank",
        title: "A title",
        status: 422,
        code: "validation_failed",
        errors: [{ path: "/teamId", message: "is missing" }],
      },
    });
    expect(error).toMatchObject({
      code: "validation_failed",
      status: 422,
      retryable: false,
      message: "A title",
      fields: [{ path: "/teamId", message: "is missing" }],
    });
  });

  it.each([
    [401, "invalid_credential", false],
    [403, "origin_not_allowed", false],
    [404, "team_not_found", false],
    [410, "session_expired", false],
    [429, "too_many_sockets", true],
    [500, "internal_error", true],
    [503, "unavailable", true],
    [418, "a_code_of_the_future", false],
  ])("classifies %i %s", async (status, code, retryable) => {
    expect(await failure(problem(status, code))).toMatchObject({ code, status, retryable });
  });

  it("reads Retry-After in milliseconds", async () => {
    const error = await failure(problem(503, "unavailable", { "retry-after": "7" }));
    expect(error.retryAfterMs).toBe(7000);
    const date = await failure(problem(503, "unavailable", { "retry-after": "Wed, 01 Jan 2031" }));
    expect(date.retryAfterMs).toBeUndefined();
  });

  it("is retryable where something else than the API answered", async () => {
    const html = { "content-type": "text/html" };
    expect(await failure({ status: 403, body: "<html>", headers: html })).toMatchObject({
      code: "invalid_answer",
      status: 403,
      retryable: true,
    });
    const portal = createRest(BASE, {
      clock: environment.clock,
      fetch: async () => new Response("<html>", { status: 200 }),
    });
    await expect(portal("GET", "health")).rejects.toMatchObject({
      code: "invalid_answer",
      retryable: true,
    });
  });

  it("is retryable where nothing answered", async () => {
    expect(await failure("down")).toMatchObject({
      code: "network_error",
      status: undefined,
      retryable: true,
    });
  });

  it("gives up on an answer that does not come", async () => {
    const silent = createRest(BASE, {
      clock: environment.clock,
      fetch: (_url, init) =>
        new Promise((_resolve, reject) => {
          init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
        }),
    });
    const call = expect(silent("GET", "health")).rejects.toMatchObject({ code: "network_error" });
    await vi.advanceTimersByTimeAsync(REQUEST_TIMEOUT_MS);
    await call;
  });
});
