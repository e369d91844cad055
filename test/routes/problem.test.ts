import { expect, test } from "vitest";
import { ERROR_STATUS, type ErrorCode } from "../../src/protocol/errors.ts";
import { problem } from "../../src/routes/problem.ts";

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
