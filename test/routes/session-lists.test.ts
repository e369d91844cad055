import { beforeAll, describe, expect, test } from "vitest";
import type { SessionList, SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { problemOf } from "../support/problem.ts";

let teamId: string;
let key: string;
let made: SessionWithToken[];

const PLACES = [
  { country: "DE", device: "mobile" },
  { country: "DE", device: "desktop" },
  { country: "US", device: "mobile" },
  { country: "US", device: "desktop" },
] as const;

beforeAll(async () => {
  teamId = await newTeam();
  key = await newTeamKey(teamId);
  made = [];
  for (const { country, device } of PLACES) {
    const body = { locationInfo: { country }, deviceInfo: { deviceType: device } };
    made.push(await newSession(teamId, { bearer: key, body }));
    // A millisecond of its own each.
    await scheduler.wait(2);
  }
  const [first] = made;
  await call(`/api/sessions/${first?.session.id}`, { method: "DELETE", bearer: key });
  await newSession(await newTeam());
});

const list = (query: string) => call(`/api/teams/${teamId}/sessions${query}`, { bearer: key });

async function idsOf(query: string): Promise<string[]> {
  const response = await list(query);
  expect(response.status).toBe(200);
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  return (await response.json<SessionList>()).sessions.map(({ id }) => id);
}

const ids = (...indexes: readonly number[]) => indexes.map((index) => made[index]?.session.id);

describe("GET /api/teams/{teamId}/sessions", () => {
  test("lists the team's sessions, newest activity first", async () => {
    expect(await idsOf("")).toEqual(ids(3, 2, 1, 0));
  });

  test.each([
    { query: "?status=active", indexes: [3, 2, 1] },
    { query: "?status=terminated", indexes: [0] },
    { query: "?status=expired", indexes: [] },
    { query: "?country=DE", indexes: [1, 0] },
    { query: "?device=mobile", indexes: [2, 0] },
    { query: "?country=US&device=desktop&status=active", indexes: [3] },
    { query: "?userId=nobody", indexes: [] },
  ])("$query", async ({ query, indexes }) => {
    expect(await idsOf(query)).toEqual(ids(...indexes));
  });

  test("page by page", async () => {
    const seen: string[] = [];
    let query = "?limit=1";
    for (;;) {
      const page = await (await list(query)).json<SessionList>();
      seen.push(...page.sessions.map(({ id }) => id));
      if (page.nextCursor === undefined) break;
      query = `?limit=1&cursor=${page.nextCursor}`;
    }
    expect(seen).toEqual(ids(3, 2, 1, 0));
  });

  test.each([
    { query: "?status=ended", path: "/status" },
    { query: "?country=Germany", path: "/country" },
    { query: "?country=de", path: "/country" },
    { query: "?device=phone", path: "/device" },
    { query: "?limit=0", path: "/limit" },
    { query: "?limit=101", path: "/limit" },
    { query: "?userId=", path: "/userId" },
    { query: "?cursor=", path: "/cursor" },
    { query: "?page=2", path: "/page" },
    { query: "?__proto__=2", path: "/__proto__" },
  ])("refuses $query", async ({ query, path }) => {
    expect(await problemOf(await list(query))).toMatchObject({
      code: "invalid_parameter",
      errors: [{ path }],
    });
  });

  test.each(["x", "MTIz", "../..", "%00", `${"A".repeat(200)}`])(
    "refuses the cursor %s",
    async (cursor) => {
      expect(await problemOf(await list(`?cursor=${cursor}`))).toMatchObject({
        code: "invalid_parameter",
        detail: expect.stringContaining("cursor"),
      });
    },
  );
});
