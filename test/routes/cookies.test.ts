/** The token in a cookie: how it is set, what it opens, and for which pages never. */
import { exports } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { SUPERSEDED_GRACE_MS } from "../../src/protocol/limits.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import type { TeamPolicy } from "../../src/protocol/team.ts";
import { BASE, call, NO_LIMITS, newSession, newTeam, newTeamKey, ORIGIN } from "../support/api.ts";
import { moveClock } from "../support/clock.ts";
import { objectTables } from "../support/object-storage.ts";
import { problemOf, refusal } from "../support/problem.ts";
import {
  askRedeem,
  askRevoke,
  callWith,
  credentialIdOf,
  devicesOf,
  invite,
  json,
  letIn,
  redeem,
  sessionIdOf,
} from "../support/sharing.ts";
import { TestSocket } from "../support/socket.ts";
import { requestOf, samplesFor } from "./sample-requests.ts";

const OTHER_ORIGIN = "https://other.example";
const FROM_PAGE = { Origin: ORIGIN };

let teamId: string;
let crossSiteTeamId: string;

beforeAll(async () => {
  teamId = await newTeam({ limits: NO_LIMITS });
  crossSiteTeamId = await newTeam({ limits: NO_LIMITS, crossSiteCookies: true, absoluteDays: 90 });
  await newTeam({ allowedOrigins: [OTHER_ORIGIN] });
});
beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
});

interface SetCookie {
  readonly name: string;
  readonly value: string;
  /** All of them, as they stand there, in alphabetical order. */
  readonly attributes: readonly string[];
}

function cookieIn(response: Response): SetCookie | undefined {
  const cookies = response.headers.getSetCookie().map((header) => {
    const [pair = "", ...attributes] = header.split("; ");
    const [name = "", value = ""] = pair.split("=");
    return { name, value, attributes: attributes.sort() };
  });
  if (cookies.length === 0) return undefined;
  // A browser that has one of each kind keeps neither, or the one that is set: the other is always taken away.
  const kinds = cookies.map(({ attributes }) => attributes.includes("Partitioned"));
  expect(kinds.sort()).toEqual([false, true]);
  const set = cookies.filter(({ value }) => value !== "");
  expect(set.length).toBeLessThan(2);
  for (const one of cookies) expect(one.attributes.includes("Max-Age=0")).toBe(one.value === "");
  return set[0] ?? cookies[0];
}

const LAX = ["HttpOnly", "Max-Age=15552000", "Path=/", "SameSite=Lax", "Secure"];
const CROSS_SITE = [
  "HttpOnly",
  "Max-Age=7776000",
  "Partitioned",
  "Path=/",
  "SameSite=None",
  "Secure",
];
const gone = (attributes: readonly string[]) =>
  attributes.map((one) => one.replace(/Max-Age=\d+/, "Max-Age=0"));

/** A session whose token is in a cookie, as its browser has it. */
async function inCookie(of = teamId): Promise<{ id: string; token: string; cookie: string }> {
  const response = await call("/api/sessions/create", {
    body: { teamId: of, tokenTransport: "cookie" },
    headers: FROM_PAGE,
  });
  const { name = "", value: token = "" } = cookieIn(response) ?? {};
  return { id: sessionIdOf(token), token, cookie: `${name}=${token}` };
}

/** A call as a page of the team makes it, with its cookies. */
const fromPage = (cookie: string, path: string, sent: Parameters<typeof call>[1] = {}) =>
  call(path, { ...sent, headers: { Cookie: cookie, ...FROM_PAGE, ...sent.headers } });

describe.each([
  { title: "for a page of the same site", of: () => teamId, attributes: LAX },
  { title: "for one embedded elsewhere", of: () => crossSiteTeamId, attributes: CROSS_SITE },
])("$title", ({ of, attributes }) => {
  const nameOf = () => `__Host-ds.${of()}`;

  test("a creation sets it, and does not tell the token", async () => {
    const response = await call("/api/sessions/create", {
      body: { teamId: of(), tokenTransport: "cookie" },
      headers: FROM_PAGE,
    });
    expect(response.status).toBe(201);
    expect(response.headers.get("Access-Control-Allow-Credentials")).toBe("true");
    const cookie = cookieIn(response);
    expect(cookie).toEqual({ name: nameOf(), value: expect.any(String), attributes });
    const text = await response.text();
    expect(Object.keys(JSON.parse(text)).sort()).toEqual(["session", "ticket"]);
    expect(text).not.toContain(cookie?.value.split(".")[2]);
    expect((await callWith(cookie?.value ?? "")).status).toBe(200);
  });

  test("a rotation replaces it, and a refresh that rotates nothing leaves it", async () => {
    const { id, cookie, token } = await inCookie(of());
    const path = `/api/sessions/${id}/refresh`;
    const kept = await fromPage(cookie, path, { body: {} });
    expect([kept.status, cookieIn(kept)]).toEqual([200, undefined]);
    const rotated = await fromPage(cookie, path, { body: { rotate: true } });
    const next = cookieIn(rotated);
    expect(next).toEqual({ name: nameOf(), value: expect.any(String), attributes });
    expect(next?.value).not.toBe(token);
    expect(Object.keys(await json<object>(rotated)).sort()).toEqual(["session", "ticket"]);
    // Whoever came with the token in the header gets it as it came.
    const bearer = await callWith(token, "/refresh", { body: { rotate: true } });
    expect(cookieIn(bearer)).toBeUndefined();
    expect((await json<SessionWithToken>(bearer)).token).toBe(next?.value);
  });

  test("an answer that was overtaken puts back one that still opens", async () => {
    const { id, cookie } = await inCookie(of());
    const path = `/api/sessions/${id}`;
    const rotate = async (with_: string) =>
      cookieIn(await fromPage(with_, `${path}/refresh`, { body: { rotate: true } }));
    const late = await rotate(cookie);
    const overtaking = await rotate(cookie);
    expect(overtaking?.value).toBe(late?.value);
    const next = `${nameOf()}=${overtaking?.value}`;
    expect((await fromPage(next, `${path}/validate`)).status).toBe(200);
    // Within the minute there is no further one: whichever answer comes last, it holds the newest.
    expect(await rotate(next)).toBeUndefined();
    moveClock(SUPERSEDED_GRACE_MS);
    expect(await rotate(next)).toBeDefined();
  });

  test("a hand-off sets it on the other device", async () => {
    const chat = await newSession(of());
    const { secret } = await invite(chat.token, { role: "owner" });
    const response = await askRedeem(secret, { tokenTransport: "cookie" }, FROM_PAGE);
    const cookie = cookieIn(response);
    expect(cookie).toEqual({ name: nameOf(), value: expect.any(String), attributes });
    const answer = await json<object>(response);
    expect(Object.keys(answer).sort()).toEqual(["role", "session", "ticket"]);
    const mine = await fromPage(`${nameOf()}=${cookie?.value}`, `/api/sessions/${chat.session.id}`);
    expect(mine.status).toBe(200);
  });

  test("the session's end, and shutting oneself out, take it away; shutting others out does not", async () => {
    const ending = await inCookie(of());
    const path = `/api/sessions/${ending.id}`;
    const others = await fromPage(ending.cookie, `${path}/devices/others`, { method: "DELETE" });
    expect([others.status, cookieIn(others)]).toEqual([204, undefined]);
    const ended = await fromPage(ending.cookie, path, { method: "DELETE" });
    const cleared = { name: nameOf(), value: "", attributes: gone(CROSS_SITE) };
    expect([ended.status, cookieIn(ended)]).toEqual([204, cleared]);
    const leaving = await inCookie(of());
    const own = `/api/sessions/${leaving.id}/devices/${credentialIdOf(leaving.token)}`;
    const left = await fromPage(leaving.cookie, own, { method: "DELETE" });
    expect([left.status, cookieIn(left)]).toEqual([204, cleared]);
    const bearer = await newSession(of());
    const shut = await askRevoke(bearer.token, credentialIdOf(bearer.token));
    expect(cookieIn(shut)).toBeUndefined();
  });

  test("it opens what its token opens, over HTTP and a socket", async () => {
    const { id, cookie, token } = await inCookie(of());
    const body = { clientId: "a", content: "Hello" };
    const posted = await fromPage(cookie, `/api/sessions/${id}/messages`, { body });
    expect(posted.status).toBe(201);
    const read = await call(`/api/sessions/${id}/messages`, { headers: { Cookie: cookie } });
    expect(read.status).toBe(200);
    const headers = {
      Cookie: `theme=dark; ${cookie}; ${cookie.replace("ds.", "ds.x-")}x`,
      ...FROM_PAGE,
    };
    const socket = await TestSocket.open({ id }, undefined, { headers });
    await socket.first("synced");
    expect((await socket.first("welcome")).role).toBe("owner");
    expect(socket.messages).toHaveLength(1);
    expect(await devicesOf(token)).toHaveLength(1);
    socket.close();
  });
});

describe("who gets none", () => {
  test("a guest, whose link it costs nothing to ask", async () => {
    const chat = await newSession(teamId);
    for (const role of ["reader", "writer"] as const) {
      const { secret } = await invite(chat.token, { role, maxUses: 1 });
      const response = await askRedeem(secret, { tokenTransport: "cookie" }, FROM_PAGE);
      expect(cookieIn(response)).toBeUndefined();
      expect(await refusal(response)).toBe("403 forbidden");
      expect((await redeem(secret)).role).toBe(role);
    }
  });

  test("a team's key, which has no browser", async () => {
    const bearer = await newTeamKey(teamId);
    const body = { teamId, tokenTransport: "cookie" };
    const response = await call("/api/sessions/create", { bearer, body });
    expect(cookieIn(response)).toBeUndefined();
    const { errors } = await problemOf(response);
    expect(errors?.map(({ path }) => path)).toEqual(["/tokenTransport"]);
  });

  test("whoever does not ask, and whoever is refused", async () => {
    for (const tokenTransport of ["bearer", undefined]) {
      const body = { teamId, ...(tokenTransport !== undefined && { tokenTransport }) };
      const response = await call("/api/sessions/create", { body, headers: FROM_PAGE });
      expect([response.status, cookieIn(response)]).toEqual([201, undefined]);
    }
    for (const Origin of [OTHER_ORIGIN, "https://evil.example", "null"]) {
      const body = { teamId, tokenTransport: "cookie" };
      const response = await call("/api/sessions/create", { body, headers: { Origin } });
      expect(cookieIn(response)).toBeUndefined();
      expect(await refusal(response)).toBe("403 origin_not_allowed");
    }
  });
});

const STRANGE_ORIGINS = [
  "https://evil.example",
  OTHER_ORIGIN,
  "null",
  `${ORIGIN}.evil.example`,
  "https://evilshop.example",
  "https://www.shop.example",
  "http://shop.example",
  "https://shop.example:8443",
  `${ORIGIN}/`,
  `${ORIGIN}, https://evil.example`,
];

describe("from no page but the team's", () => {
  const [unsafe, safe] = [
    samplesFor("session").filter(({ method }) => method !== "GET"),
    samplesFor("session").filter(({ method }) => method === "GET"),
  ];

  test.each(STRANGE_ORIGINS)("not from %j", async (Origin) => {
    const { id, cookie } = await inCookie();
    const tables = await objectTables(id);
    for (const sample of [...unsafe, ...safe]) {
      const names = { id, teamId };
      const headers = { Cookie: cookie, Origin, "Sec-Fetch-Site": "same-origin" };
      const response = await call(sample.path(names), { ...requestOf(sample, names), headers });
      expect(response.headers.has("Access-Control-Allow-Origin"), sample.title).toBe(false);
      expect(await refusal(response)).toBe("403 origin_not_allowed");
    }
    const headers = { Cookie: cookie, Origin };
    const socket = await TestSocket.open({ id }, undefined, { headers });
    expect(await socket.closed()).toBe(4403);
    expect(socket.frames).toEqual([]);
    expect(await objectTables(id)).toBe(tables);
  });

  test.each(unsafe)("nor without an origin: $title", async (sample) => {
    const { id, cookie } = await inCookie();
    const tables = await objectTables(id);
    const names = { id, teamId };
    for (const site of ["same-origin", "none", undefined]) {
      const headers = { Cookie: cookie, ...(site !== undefined && { "Sec-Fetch-Site": site }) };
      const response = await call(sample.path(names), { ...requestOf(sample, names), headers });
      expect(await refusal(response)).toBe("403 origin_not_allowed");
    }
    expect(await objectTables(id)).toBe(tables);
  });

  test("nor on an upgrade without one", async () => {
    const { id, cookie } = await inCookie();
    const socket = await TestSocket.open({ id }, undefined, { headers: { Cookie: cookie } });
    expect(await socket.closed()).toBe(4403);
  });

  test.each(safe)("a plain read is not another site's: $title", async (sample) => {
    const { id, cookie } = await inCookie();
    const path = sample.path({ id, teamId });
    for (const site of ["cross-site", "same-site", "none", "SAME-ORIGIN", ""]) {
      const headers = { Cookie: cookie, "Sec-Fetch-Site": site };
      expect(await refusal(await call(path, { headers }))).toBe("403 origin_not_allowed");
    }
    const headers = { Cookie: cookie, "Sec-Fetch-Site": "same-origin" };
    // It has no file.
    const status = sample.pattern.endsWith("/:fileId") ? 404 : 200;
    expect((await call(path, { headers })).status).toBe(status);
  });

  test("another spelling of the path is the same session's", async () => {
    const { id, cookie, token } = await inCookie();
    const spelt = `%${id.charCodeAt(0).toString(16)}${id.slice(1)}`;
    for (const sent of [{ bearer: token }, { headers: { Cookie: cookie } }]) {
      const headers = { ...sent.headers, Origin: OTHER_ORIGIN };
      const response = await call(`/api/sessions/${spelt}`, { ...sent, headers });
      expect(response.headers.has("Access-Control-Allow-Origin")).toBe(false);
      expect(await refusal(response)).toBe("403 origin_not_allowed");
    }
    expect((await call(`/api/sessions/${spelt}`, { bearer: token })).status).toBe(200);
    expect((await fromPage(cookie, `/api/sessions/${spelt}`)).status).toBe(200);
  });
});

describe("simple forms, which any page may send, change nothing", () => {
  const FORMS = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain; application/json",
    undefined,
  ];

  test.each(FORMS)("%s", async (type) => {
    const { id, cookie } = await inCookie();
    const tables = await objectTables(id);
    const posts = [...samplesFor("session"), ...samplesFor("creation")].filter(
      ({ method, endpoint }) => method === "POST" && endpoint.body !== undefined,
    );
    expect(posts.length).toBeGreaterThan(4);
    for (const sample of posts) {
      const names = { id, teamId };
      const text = JSON.stringify(sample.body(names));
      // What a form sends is bytes: a text would get a type of its own.
      const body = new TextEncoder().encode(text);
      const headers = { Cookie: cookie, ...FROM_PAGE, ...(type && { "Content-Type": type }) };
      const url = `${BASE}${sample.path(names)}`;
      const response = await exports.default.fetch(url, { method: "POST", headers, body });
      expect(await refusal(response), sample.title).toBe("415 unsupported_media_type");
    }
    expect(await objectTables(id)).toBe(tables);
  });
});

describe("what it stands beside", () => {
  test("a token in the header goes first, whatever it is", async () => {
    const { id, cookie } = await inCookie();
    const path = `/api/sessions/${id}`;
    const foreign = await newSession(teamId);
    for (const [bearer, expected] of [
      [foreign.token, "401 invalid_credential"],
      ["nonsense", "401 invalid_credential"],
      ["no token", "401 unauthenticated"],
    ] as const) {
      expect(await refusal(await fromPage(cookie, path, { bearer }))).toBe(expected);
    }
    for (const Authorization of ["Basic dXNlcjpwYXNz", "Bearer", "Bearer  x"]) {
      const response = await fromPage(cookie, path, { headers: { Authorization } });
      expect(await refusal(response)).toBe("401 unauthenticated");
    }
  });

  test("a guest's own token makes a guest of the owner's browser", async () => {
    const { id, cookie, token } = await inCookie();
    const guest = await letIn(token, "reader");
    const response = await fromPage(cookie, `/api/sessions/${id}/devices`, { bearer: guest.token });
    expect(await refusal(response)).toBe("403 forbidden");
  });

  test("a ticket goes first on a socket: a bad one is not mended by the cookie", async () => {
    const { id, cookie } = await inCookie();
    const headers = { Cookie: cookie, ...FROM_PAGE };
    for (const ticket of ["", "nonsense", (await newSession(teamId)).ticket]) {
      const socket = await TestSocket.open({ id }, ticket, { headers });
      expect(await socket.closed()).toBe(4401);
    }
  });

  test("another session's or team's opens nothing, under whatever name", async () => {
    const { id, cookie, token } = await inCookie();
    const same = await inCookie();
    const foreign = await inCookie(crossSiteTeamId);
    const forged = `${id}.${credentialIdOf(token)}.${same.token.split(".")[2]}`;
    for (const [sent, expected] of [
      [same.cookie, "401 unauthenticated"],
      [foreign.cookie, "401 unauthenticated"],
      [`__Host-ds.${teamId}=${foreign.token}`, "401 unauthenticated"],
      [`__Host-ds.${teamId}=${forged}`, "401 invalid_credential"],
      [`__Host-ds.${teamId}=${id}.`, "401 invalid_credential"],
      [`ds.${teamId}=${token}`, "401 unauthenticated"],
      [`__host-ds.${teamId}=${token}`, "401 unauthenticated"],
      [`__Secure-ds.${teamId}=${token}`, "401 unauthenticated"],
      [`x__Host-ds.${teamId}=${token}`, "401 unauthenticated"],
      [`a="${cookie}"`, "401 unauthenticated"],
    ] as const) {
      const path = `/api/sessions/${id}`;
      expect(await refusal(await fromPage(sent, path)), sent).toBe(expected);
      const headers = { Cookie: sent, ...FROM_PAGE };
      const socket = await TestSocket.open({ id }, undefined, { headers });
      expect(await socket.closed()).toBe(4401);
    }
    expect((await fromPage(cookie, `/api/sessions/${id}`)).status).toBe(200);
  });

  test("of two under one name, as a browser may have where one is partitioned, the right one opens", async () => {
    const [over, now] = [await inCookie(), await inCookie()];
    for (const cookies of [`${over.cookie}; ${now.cookie}`, `${now.cookie};${over.cookie}`]) {
      expect((await fromPage(cookies, `/api/sessions/${now.id}`)).status).toBe(200);
      expect((await fromPage(cookies, `/api/sessions/${over.id}`)).status).toBe(200);
    }
  });

  test("two teams' cookies open each its own session, in either order", async () => {
    const [one, two] = [await inCookie(), await inCookie(crossSiteTeamId)];
    for (const cookies of [`${one.cookie}; ${two.cookie}`, `${two.cookie}; ${one.cookie}`]) {
      for (const { id, token } of [one, two]) {
        const { session } = await json<SessionWithToken>(
          await fromPage(cookies, `/api/sessions/${id}`),
        );
        expect(session.id).toBe(id);
        const headers = { Cookie: cookies, ...FROM_PAGE };
        const socket = await TestSocket.open({ id }, undefined, { headers });
        expect((await socket.first("welcome")).session.id).toBe(id);
        socket.close();
        expect(sessionIdOf(token)).toBe(id);
      }
    }
  });
});

describe("in clear", () => {
  const at = (base: string, path: string, headers: Record<string, string>) =>
    exports.default.fetch(`${base}${path}`, { headers });

  test.each([
    "http://ds.example",
    "http://ds.example:8787",
    "http://localhost.evil.example",
    "http://127.0.0.1.evil.example",
    "http://evillocalhost",
    "http://10.0.0.1",
    "http://[::2]",
  ])("nothing is answered at %s", async (base) => {
    const { id, cookie, token } = await inCookie();
    const headers = { Cookie: cookie, Authorization: `Bearer ${token}`, ...FROM_PAGE };
    for (const path of [`/api/sessions/${id}`, "/api/health", "/api/no-such-path"]) {
      const response = await at(base, path, headers);
      expect(response.headers.has("Access-Control-Allow-Origin")).toBe(false);
      expect(await refusal(response)).toBe("403 insecure_transport");
    }
    const upgrade = { Upgrade: "websocket", "Sec-WebSocket-Protocol": "ds.v1", Cookie: cookie };
    const { webSocket } = await at(base, `/api/sessions/${id}/socket`, {
      ...upgrade,
      ...FROM_PAGE,
    });
    const code = await new Promise<number>((resolve) => {
      webSocket?.addEventListener("close", (event) => resolve(event.code));
      webSocket?.accept();
    });
    expect(code).toBe(4403);
  });

  test.each([
    "http://localhost",
    "http://localhost:8787",
    "http://127.0.0.1:8787",
    "http://[::1]:8787",
    "http://team.localhost",
    "https://ds.example",
    "https://localhost.evil.example",
  ])("but at %s, where nobody reads along", async (base) => {
    const { id, cookie } = await inCookie();
    const headers = { Cookie: cookie, ...FROM_PAGE };
    expect((await at(base, `/api/sessions/${id}`, headers)).status).toBe(200);
    const upgrade = { Upgrade: "websocket", "Sec-WebSocket-Protocol": "ds.v1" };
    const { webSocket } = await at(base, `/api/sessions/${id}/socket`, { ...upgrade, ...headers });
    const frame = await new Promise<string>((resolve) => {
      webSocket?.addEventListener("message", ({ data }) => resolve(String(data)));
      webSocket?.accept();
    });
    expect(frame).toContain('"type":"welcome"');
    webSocket?.close();
  });
});

test("a policy of the team's decides, as it is when the cookie is set", async () => {
  const policy: Partial<TeamPolicy> = { absoluteDays: 1 };
  const of = await newTeam(policy);
  const response = await call("/api/sessions/create", {
    body: { teamId: of, tokenTransport: "cookie" },
    headers: FROM_PAGE,
  });
  expect(cookieIn(response)?.attributes).toContain("Max-Age=86400");
});
