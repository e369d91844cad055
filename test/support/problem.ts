import { expect } from "vitest";
import { ERROR_STATUS, type Problem } from "../../src/protocol/errors.ts";

/** The problem that a refusal carries, after looking at everything that holds for all of them. */
export async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  expect(response.headers.get("Content-Type"), text).toBe("application/problem+json");
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  const problem = JSON.parse(text) as Problem;
  expect(Object.keys(problem)).toEqual(
    ["type", "title", "status", "code", "detail", "errors"].filter((key) => key in problem),
  );
  expect(problem.type).toBe(`urn:durable-sessions:error:${problem.code}`);
  expect(problem.title).not.toBe("");
  expect(problem.status).toBe(response.status);
  expect(ERROR_STATUS[problem.code]).toBe(response.status);
  if (response.status === 401) expect(response.headers.get("WWW-Authenticate")).toBe("Bearer");
  if (response.status === 429 || response.status === 503) {
    expect(Number(response.headers.get("Retry-After"))).toBeGreaterThan(0);
  }
  return problem;
}

/** Code and status of a refusal, in one comparable piece. */
export async function refusal(response: Response): Promise<string> {
  const { status, code } = await problemOf(response);
  return `${status} ${code}`;
}

/** An answer's headers, comparable: every answer has an id of its own, and that is all in which two may differ. */
export function headersOf({ headers }: Response): readonly (readonly [string, string])[] {
  return [...headers].filter(([name]) => name !== "x-request-id").sort();
}
