import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { ERROR_STATUS, type ErrorCode } from "../../src/protocol/errors.ts";
import { problem } from "../../src/routes/problem.ts";
import worker from "../../src/worker.ts";
import { BASE } from "../support/api.ts";

const CODES = Object.keys(ERROR_STATUS) as ErrorCode[];

test.each(CODES)("%s", async (code) => {
  const response = problem({ code });
  const { status } = response;
  expect(status).toBe(ERROR_STATUS[code]);
  expect(response.headers.get("Content-Type")).toBe("application/problem+json");
  expect(await response.json()).toEqual({
    type: `urn:durable-sessions:error:${code}`,
    title: expect.stringMatching(/^[A-Z].*[^.]$/),
    status,
    code,
  });
  const isTransient = status === 429 || status === 503;
  expect(response.headers.has("Retry-After")).toBe(isTransient);
  expect(response.headers.get("WWW-Authenticate")).toBe(status === 401 ? "Bearer" : null);
});

test("details, fields and a time to come back are passed on", async () => {
  const errors = [{ path: "/a", message: "wrong" }];
  const failure = { code: "unavailable", message: "Busy.", errors, retryAfterSeconds: 7 } as const;
  const response = problem(failure);
  expect(response.headers.get("Retry-After")).toBe("7");
  expect(await response.json()).toMatchObject({ detail: "Busy.", errors });
});

test("what is our fault is told without detail", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const broken = { ...env, SIGNING_KEYS: "1:not-a-key" } as Env;
  for (const path of ["/api/health", "/api/sessions/create", "/api/sessions/id/socket"]) {
    const request = new Request<unknown, IncomingRequestCfProperties>(`${BASE}${path}`);
    const response = await worker.fetch(request, broken);
    expect(await response.json()).toEqual({
      type: "urn:durable-sessions:error:internal_error",
      title: "Something went wrong on our side",
      status: 500,
      code: "internal_error",
    });
  }
  vi.restoreAllMocks();
});
