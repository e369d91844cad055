/** Which pages may call: exactly those that the team of the session has listed. */

import { beforeAll, describe, expect, test } from "vitest";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, newTeamKey, ORIGIN, things } from "../support/api.ts";
import { indexCost } from "../support/index-database.ts";
import type { TeamThings } from "../support/named-things.ts";
import { refusal } from "../support/problem.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";
import { prepare, send } from "./prepared-requests.ts";
import { isForStaff, type RouteSample, requestOf, samplesFor } from "./sample-requests.ts";

const LOCAL = "http://localhost:*";

/** Another team's, so that somebody lists it. */
const OTHER_ORIGIN = "https://other.example";

let team: TeamThings;
let teamId: string;
let chat: SessionWithToken;

beforeAll(async () => {
  team = await things.team(await newTeam({ allowedOrigins: [ORIGIN, LOCAL] }));
  teamId = team.teamId;
  await newTeam({ allowedOrigins: [OTHER_ORIGIN] });
  chat = await newSession(teamId);
});

const names = () => ({ id: chat.session.id, teamId });

const from = (origin: string, sample: RouteSample, bearer: string | undefined = chat.token) =>
  call(sample.path(names()), {
    ...requestOf(sample, names()),
    bearer: sample.endpoint.audience === "creation" ? undefined : bearer,
    headers: { Origin: origin },
  });

const preflight = (path: string, origin: string, method: string) =>
  call(path, {
    method: "OPTIONS",
    headers: {
      Origin: origin,
      "Access-Control-Request-Method": method,
      "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    },
  });

function expectNothingReflected(response: Response): void {
  const names = [...response.headers.keys()].filter((name) => name.startsWith("access-control"));
  expect(names).toEqual([]);
  expect(response.headers.get("Vary")).toBe("Origin");
}

const STRANGE_ORIGINS = [
  "https://evil.example",
  OTHER_ORIGIN,
  "null",
  "https://shop.example.evil.example",
  "https://evilshop.example",
  "https://www.shop.example",
  "https://shop.example:8443",
  "https://SHOP.EXAMPLE",
  "https://shop.example/",
  "http://shop.example",
  "http://localhost:3000.evil.example",
  "http://127.0.0.1:3000",
  "*",
];

describe("a listed page", () => {
  test.each([ORIGIN, "http://localhost:5173"])(
    "at %s may call, and read what it gets",
    async (origin) => {
      for (const sample of samplesFor("session", "creation", "person")) {
        if (isForStaff(sample.endpoint)) continue;
        const own = await newSession(team.teamId);
        const prepared = await prepare(sample, team, own);
        // The person's sessions are for a known person to see.
        const bearer =
          sample.endpoint.audience === "person" ? await things.identify(team, own) : own.token;
        const isVisitor = sample.endpoint.audience === "creation";
        const response = await send(prepared, {
          ...(!isVisitor && { bearer }),
          headers: { Origin: origin },
        });
        expect(response.ok, `${sample.title}: ${await response.clone().text()}`).toBe(true);
        expect(response.headers.get("Access-Control-Allow-Origin")).toBe(origin);
        expect(response.headers.get("Access-Control-Expose-Headers")).toBe(
          "Retry-After, X-Request-Id, Content-Disposition, Content-Range",
        );
        expect(response.headers.get("Vary")).toBe("Origin");
        expect(response.headers.get("Access-Control-Allow-Credentials")).toBe("true");
      }
    },
  );

  test("may read refusals too", async () => {
    const response = await call(`/api/sessions/${chat.session.id}`, {
      headers: { Origin: ORIGIN },
    });
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe(ORIGIN);
    expect(await refusal(response)).toBe("401 unauthenticated");
  });

  test.each(samplesFor("session", "creation"))("is told so in advance: $title", async (sample) => {
    const response = await preflight(sample.path(names()), ORIGIN, sample.method);
    expect(response.status).toBe(204);
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe(ORIGIN);
    expect(response.headers.get("Access-Control-Allow-Methods")?.split(", ")).toContain(
      sample.method,
    );
    expect(response.headers.get("Access-Control-Allow-Headers")?.toLowerCase().split(", ")).toEqual(
      ["authorization", "content-type", "idempotency-key", "range"],
    );
    expect(Number(response.headers.get("Access-Control-Max-Age"))).toBeLessThanOrEqual(60);
    expect(response.headers.get("Vary")).toBe("Origin");
  });
});

describe.each(STRANGE_ORIGINS)("a page at %j", (origin) => {
  test("may not call about a session", async () => {
    for (const sample of samplesFor("session")) {
      const response = await from(origin, sample);
      expectNothingReflected(response);
      expect(await refusal(response)).toBe("403 origin_not_allowed");
      const asked = await preflight(sample.path(names()), origin, sample.method);
      expectNothingReflected(asked);
      expect(await refusal(asked)).toBe("403 origin_not_allowed");
    }
  });

  test("may not create a session of the team", async () => {
    const [create] = samplesFor("creation");
    if (create === undefined) throw new Error("no route creates sessions");
    expect(await refusal(await from(origin, create))).toBe("403 origin_not_allowed");
  });
});

test("a creation's preflight, which names no team, is answered for any team's origin", async () => {
  const ask = (origin: string) => preflight("/api/sessions/create", origin, "POST");
  expect((await ask(OTHER_ORIGIN)).status).toBe(204);
  const unknown = await ask("https://nobody.example");
  expectNothingReflected(unknown);
  expect(await refusal(unknown)).toBe("403 origin_not_allowed");
  // The creation itself knows the team.
  const response = await call("/api/sessions/create", {
    body: { teamId },
    headers: { Origin: OTHER_ORIGIN },
  });
  expect(await refusal(response)).toBe("403 origin_not_allowed");
});

test("a page that some team allows hears that an id is none of ours, any other page nothing", async () => {
  for (const id of ["A".repeat(32), "no-id", "%00"]) {
    const path = `/api/sessions/${id}`;
    const known = await call(path, { bearer: chat.token, headers: { Origin: ORIGIN } });
    expect(known.headers.get("Access-Control-Allow-Origin")).toBe(ORIGIN);
    expect(await refusal(known)).toBe("401 invalid_credential");
    const strange = await call(path, {
      bearer: chat.token,
      headers: { Origin: "https://nobody.example" },
    });
    expectNothingReflected(strange);
    expect(await refusal(strange)).toBe("403 origin_not_allowed");
  }
});

test("an origin longer than any that a team can list is not looked up", async () => {
  const cost = await indexCost(async () => {
    const headers = { Origin: `https://${"a".repeat(15_000)}.example` };
    const response = await call("/api/sessions/create", { method: "OPTIONS", headers });
    expect(response.status).toBe(403);
  });
  expect(cost.rowsRead).toBe(0);
});

test("backends' keys are for no page, the team's own neither", async () => {
  const teamKey = await newTeamKey(teamId);
  for (const sample of samplesFor("team", "person")) {
    expect(await refusal(await from(ORIGIN, sample, teamKey))).toBe("403 origin_not_allowed");
    const strange = await from("https://evil.example", sample, teamKey);
    expectNothingReflected(strange);
    expect(await refusal(strange)).toBe("403 origin_not_allowed");
  }
});

test("the administrator's routes are for no page, however it asks", async () => {
  for (const sample of samplesFor("admin")) {
    for (const response of [
      await from(ORIGIN, sample, TEST_ADMIN_TOKEN),
      await preflight(sample.path(names()), ORIGIN, sample.method),
    ]) {
      expectNothingReflected(response);
      expect(await refusal(response)).toBe("403 origin_not_allowed");
    }
  }
});

test("what is nobody's data, any page may read", async () => {
  for (const path of ["/api/health", "/api/openapi.json"]) {
    const response = await call(path, { headers: { Origin: "https://anyone.example" } });
    expect(response.status).toBe(200);
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(response.headers.has("Access-Control-Allow-Credentials")).toBe(false);
  }
});

test("a page loses its access within a minute of being taken off the list, here at once", async () => {
  const id = await newTeam({ allowedOrigins: ["https://leaving.example"] });
  const { session, token } = await newSession(id);
  const ask = async () => {
    const headers = { Origin: "https://leaving.example" };
    return (await call(`/api/sessions/${session.id}`, { bearer: token, headers })).status;
  };
  const create = () => preflight("/api/sessions/create", "https://leaving.example", "POST");
  expect([await ask(), (await create()).status]).toEqual([200, 204]);
  await call(`/api/admin/teams/${id}`, {
    method: "PATCH",
    bearer: TEST_ADMIN_TOKEN,
    body: { allowedOrigins: [] },
  });
  expect([await ask(), (await create()).status]).toEqual([403, 403]);
});

test("an OPTIONS that is no page's is refused without an origin", async () => {
  const response = await call(`/api/sessions/${chat.session.id}`, { method: "OPTIONS" });
  expectNothingReflected(response);
  expect(await refusal(response)).toBe("403 origin_not_allowed");
});
