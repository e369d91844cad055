/** Every request has an id, its answer too; one that fails or is slow leaves a line with it and nothing that is secret. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { call, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { watchBucket } from "../support/bucket.ts";
import { PNG, upload } from "../support/files.ts";
import { breakIndex, holdIndex } from "../support/index-database.ts";
import { TestSocket } from "../support/socket.ts";

let lines: Record<string, unknown>[];
let restore = () => {};

beforeEach(() => {
  lines = [];
  for (const level of ["warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation((line: unknown) => {
      lines.push(JSON.parse(String(line)) as Record<string, unknown>);
    });
  }
});
afterEach(() => {
  restore();
  restore = () => {};
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const idOf = (response: Response) => response.headers.get("X-Request-Id");

test("an answer carries the ray's id, and one of its own where there is none", async () => {
  const ray = "8f3b1c2d4e5f6a7b-FRA";
  expect(idOf(await call("/api/health", { headers: { "CF-Ray": ray } }))).toBe(ray);
  const made = idOf(await call("/api/health"));
  expect(made).toMatch(/^[0-9a-f-]{36}$/);
  expect(idOf(await call("/api/health"))).not.toBe(made);
  expect(idOf(await call("/api/nowhere", { headers: { "CF-Ray": "<script>" } }))).toMatch(
    /^[0-9a-f-]{36}$/,
  );
});

test("so does a socket's", async () => {
  const { session, ticket } = await newSession(await newTeam());
  const socket = await TestSocket.open(session, ticket);
  await socket.first("welcome");
  socket.close();
});

test("one that fails leaves a line: whose, which, and what came of it", async () => {
  const teamId = await newTeam();
  const key = await newTeamKey(teamId);
  expect((await call(`/api/sessions/stats/${teamId}`, { bearer: key })).status).toBe(200);
  lines = [];
  restore = breakIndex();
  const response = await call(`/api/sessions/stats/${teamId}`, { bearer: key });
  expect(response.status).toBe(503);
  const requestId = idOf(response);
  const line = lines.find(({ event }) => event === "request_failed");
  expect(line).toEqual({
    event: "request_failed",
    requestId,
    operation: "getSessionStats",
    team: teamId,
    status: 503,
    durationMs: expect.any(Number) as number,
  });
  expect(lines.filter((one) => one.requestId === requestId).map(({ event }) => event)).toEqual([
    "dependency_failed",
    "request_failed",
  ]);
  expect(JSON.stringify(lines)).not.toContain(key.split("_")[2]);
});

test("one that is slow leaves a line; others leave none", async () => {
  const teamId = await newTeam();
  const { session, token } = await newSession(teamId);
  lines = [];
  await call(`/api/sessions/${session.id}`, { bearer: token });
  expect(lines).toEqual([]);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const held = holdIndex();
  restore = held.release;
  const slow = call("/api/sessions/create", { body: { teamId } });
  await held.reached;
  vi.setSystemTime(Date.now() + 4_000);
  held.release();
  expect((await slow).status).toBe(201);
  expect(lines).toContainEqual(
    expect.objectContaining({ event: "request_slow", operation: "createSession", status: 201 }),
  );
});

test("a file that takes its time to come leaves none", async () => {
  const chat = await newSession(await newTeam());
  lines = [];
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  restore = watchBucket(() => void vi.setSystemTime(Date.now() + 4_000));
  expect((await upload(chat, PNG)).status).toBe(201);
  expect(lines).toEqual([]);
});
